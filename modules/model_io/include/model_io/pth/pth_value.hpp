// The content of a PyTorch file as plain data: the values that Python would build by running the calls in the
// file. Nothing is run here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

struct PthNode;
/// Values belong to their PthFile and live as long as it does. A hostile file can make a container hold
/// itself: do not walk values without a limit of depth.
using PthValue = const PthNode*;

struct PthNone {};

/// list, tuple or torch.Size.
struct PthList {
  std::vector<PthValue> items;
};

/// dict, OrderedDict or the attributes of an argparse.Namespace, in the order of the file.
struct PthDict {
  std::vector<std::pair<PthValue, PthValue>> items;
  bool isNamespace = false;
};

/// Raw numbers of the file, which tensors are views of.
struct PthStorage {
  std::string_view key;  ///< its member is <archive>/data/<key>
  DType dtype;
  int64_t elements;
};

/// A tensor, checked to lie within its storage and to be no larger than it.
struct PthTensor {
  PthStorage storage;
  int64_t offset;  ///< elements, as all here
  std::vector<int64_t> shape, strides;
};

/// A class, a function, or whatever Python would have got by calling it; nothing is known but the name.
struct PthOpaque {
  std::string_view module, name;
};

struct PthNode {
  std::variant<PthNone, bool, int64_t, double, std::string_view, PthList, PthDict, PthTensor, PthStorage,
               PthOpaque>
      value;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&value);
  }
};

/// "a dictionary", "the text 'abc'", "an object of os.system": for messages.
std::string describe(PthValue value);

/// The value of a text key, nullptr where there is none.
PthValue find(const PthDict& dict, std::string_view key);

/// The same, where `value` may be anything.
template <class T>
const T* find(PthValue value, std::string_view key) {
  const auto* dict = value ? value->as<PthDict>() : nullptr;
  const PthValue found = dict ? find(*dict, key) : nullptr;
  return found ? found->as<T>() : nullptr;
}

}  // namespace cv::mixmim
