#include "opencv2/mixmim/train/tensor.hpp"

#include <array>

namespace cv::mixmim {

namespace {

struct DTypeFacts {
  const char* name;
  size_t size;
};
constexpr std::array<DTypeFacts, 10> kFacts{{{"F64", 8},
                                             {"F32", 4},
                                             {"F16", 2},
                                             {"BF16", 2},
                                             {"I64", 8},
                                             {"I32", 4},
                                             {"I16", 2},
                                             {"I8", 1},
                                             {"U8", 1},
                                             {"BOOL", 1}}};

}  // namespace

size_t sizeOf(DType dtype) {
  return kFacts[static_cast<size_t>(dtype)].size;
}
const char* nameOf(DType dtype) {
  return kFacts[static_cast<size_t>(dtype)].name;
}

}  // namespace cv::mixmim
