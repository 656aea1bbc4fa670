// PyTorch's .pth files: a pickle and raw tensors, in a zip archive or, before PyTorch 1.6, one behind the
// other. Reading runs nothing that a file contains; what is written, torch.load(weights_only=True) reads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model_io/pth/pth_value.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// A file of torch.save, of whichever format, that may be hostile. The pickle is read without running
/// anything: only dictionaries, lists, numbers, texts and tensors are built, everything else becomes a
/// PthOpaque. Every size is checked against the file before it is used, and memory stays proportional to the
/// file. Throws Error, naming file, member and byte, for anything but a well-formed file.
class PthFile {
 public:
  explicit PthFile(const std::string& path);
  /// For a file in memory, which must outlive the object; `where` names it in messages.
  PthFile(std::string_view bytes, const std::string& where);
  ~PthFile();
  PthFile(PthFile&&) noexcept;

  PthValue root() const;
  const std::string& where() const;

  /// A tensor with memory of its own, row-major, in the type of the file. Throws Error where its bytes do not
  /// match their CRC-32, which a legacy file does not have.
  Tensor tensor(const PthTensor& tensor) const;

  /// Classes and functions ("numpy.core.multiarray._reconstruct") whose objects were passed over, each once.
  std::vector<std::string> passedOver() const;

 private:
  struct Content;
  std::unique_ptr<Content> content_;
};

/// Builds a .pth file value by value, in the order of the calls:
///
///   PthWriter file("weights.pth");
///   file.beginDict();
///   file.text("epoch"), file.integer(3);
///   file.text("bias"), file.tensor(bias);
///   file.end();
///   file.commit();
///
/// The file appears complete or not at all, at commit(). Tensors share memory with the caller's until then.
/// Throws Error where AtomicFile does, and for a tensor whose bytes do not fit its shape.
class PthWriter {
 public:
  explicit PthWriter(const std::string& path);
  ~PthWriter();

  void beginDict();  ///< keys and values follow in turn
  void beginList();
  void beginTuple();
  void end();  ///< of the innermost dict, list or tuple
  void none();
  void truth(bool value);
  void integer(int64_t value);
  void real(double value);
  void text(std::string_view value);
  void tensor(const Tensor& value);
  void commit();

 private:
  struct Content;
  std::unique_ptr<Content> content_;
};

}  // namespace cv::mixmim
