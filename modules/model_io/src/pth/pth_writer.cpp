#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "files/zip_writer.hpp"
#include "model_io/pth/pth.hpp"
#include "opencv2/mixmim/error.hpp"
#include "pth/pickle_opcodes.hpp"

namespace cv::mixmim {

using namespace pickle;

struct PthWriter::Content {
  explicit Content(const std::string& name) : path(name), archive(name) {}

  void op(unsigned char opcode) { pickle += static_cast<char>(opcode); }
  void number(uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) pickle += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void global(const std::string& module, const std::string& name) {
    op(kGlobal);
    pickle += module + "\n" + name + "\n";
  }
  void begin(unsigned char empty, unsigned char closing) {
    if (empty) op(empty);
    op(kMark);
    open.push_back(closing);
  }

  std::string path, pickle;
  std::vector<unsigned char> open;  ///< the opcodes that will close what is open
  std::vector<Tensor> tensors;
  ZipWriter archive;
};

PthWriter::PthWriter(const std::string& path) : content_(std::make_unique<Content>(path)) {
  content_->op(kProto);
  content_->number(kProtocol, 1);
}

PthWriter::~PthWriter() = default;

void PthWriter::beginDict() {
  content_->begin(kEmptyDict, kSetItems);
}
void PthWriter::beginList() {
  content_->begin(kEmptyList, kAppends);
}
void PthWriter::beginTuple() {
  content_->begin(0, kTuple);
}

void PthWriter::end() {
  if (content_->open.empty()) throw Error(content_->path, "there is no list or dictionary to end");
  content_->op(content_->open.back());
  content_->open.pop_back();
}

void PthWriter::none() {
  content_->op(kNone);
}
void PthWriter::truth(bool value) {
  content_->op(value ? kNewTrue : kNewFalse);
}

void PthWriter::integer(int64_t value) {
  if (value == static_cast<int32_t>(value)) {
    content_->op(kBinInt);
    content_->number(static_cast<uint64_t>(value), sizeof(int32_t));
  } else {
    content_->op(kLong1);
    content_->number(sizeof value, 1);
    content_->number(static_cast<uint64_t>(value), sizeof value);
  }
}

void PthWriter::real(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  content_->op(kBinFloat);
  for (int byte = 7; byte >= 0; --byte) content_->number(bits >> (8 * byte), 1);  // big-endian
}

void PthWriter::text(std::string_view value) {
  content_->op(kBinUnicode);
  content_->number(value.size(), sizeof(uint32_t));
  content_->pickle += value;
}

void PthWriter::tensor(const Tensor& value) {
  if (value.bytes.total() != static_cast<size_t>(value.elements()) * sizeOf(value.dtype))
    throw Error(content_->path, fmt::format("a tensor of {} bytes, expected {} elements of {} bytes",
                                            value.bytes.total(), value.elements(), sizeOf(value.dtype)));
  std::vector<int64_t> strides(value.shape.size(), 1);
  for (size_t d = strides.size(); d-- > 1;)
    strides[d - 1] = strides[d] * std::max<int64_t>(1, value.shape[d]);
  const auto tuple = [&](const std::vector<int64_t>& numbers) {
    beginTuple();
    for (const int64_t number : numbers) integer(number);
    end();
  };
  content_->global("torch._utils", "_rebuild_tensor_v2");
  beginTuple();
  beginTuple();
  text("storage");
  content_->global("torch", std::string(storageTypeOf(value.dtype)));
  text(std::to_string(content_->tensors.size()));
  text("cpu");
  integer(value.elements());
  end();
  content_->op(kBinPersId);
  integer(0);
  tuple(value.shape);
  tuple(strides);
  truth(false);  // requires_grad
  content_->global("collections", "OrderedDict");
  content_->op(kEmptyTuple);
  content_->op(kReduce);
  end();
  content_->op(kReduce);
  content_->tensors.push_back(value);
}

void PthWriter::commit() {
  if (!content_->open.empty()) throw Error(content_->path, "a list or dictionary was not ended");
  content_->op(kStop);
  ZipWriter& archive = content_->archive;
  const std::string folder = "archive/";
  archive.add(folder + "data.pkl", content_->pickle);
  archive.add(folder + "byteorder", "little");
  for (size_t i = 0; i < content_->tensors.size(); ++i) {
    const cv::Mat& bytes = content_->tensors[i].bytes;
    archive.add(fmt::format("{}data/{}", folder, i),
                {reinterpret_cast<const char*>(bytes.data), bytes.total()});
  }
  archive.add(folder + "version", "3\n");
  archive.commit();
}

}  // namespace cv::mixmim
