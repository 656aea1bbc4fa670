// The format of a file, judged by its first bytes and never by its name.
#pragma once

#include <string>
#include <string_view>

namespace cv::mixmim {

/// The formats that weights and models come in.
enum class FileFormat {
  kPth,  ///< torch.save: a zip archive, or the pickle of PyTorch before 1.6
  kSafetensors,
  kShardIndex,  ///< JSON that says which of several safetensors files holds which tensor
  kOnnx,
  kFolder,
  kMissing,  ///< nothing of that name can be looked at
  kOther
};

FileFormat formatOf(const std::string& path);

/// The same from the first bytes of a file; kOther where they are none of its formats.
FileFormat formatOfBytes(std::string_view start);

/// The looks of a file of the format kOther, as the end of a sentence: "is empty", "is a web page, which
/// came instead of the file". "" where that cannot be said.
std::string looksLike(const std::string& path);

}  // namespace cv::mixmim
