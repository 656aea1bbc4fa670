#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cv::mixmim {

/// An indexed set of encoded images. Index 0 .. size()-1 in a fixed order that depends only on the data set.
/// Threads: everything but construction is const and may be called concurrently.
class Source {
 public:
  virtual ~Source() = default;

  virtual int64_t size() const = 0;
  virtual int label(int64_t index) const = 0;         ///< -1 where the source has none
  virtual std::string path(int64_t index) const = 0;  ///< for messages
  /// Encoded bytes into `bytes` (its capacity is reused). Throws Error when the file cannot be read.
  virtual void read(int64_t index, std::vector<uint8_t>& bytes) const = 0;

  /// Class names in label order, sorted bytewise; empty where there are no labels.
  virtual const std::vector<std::string>& labels() const = 0;
  /// Hash of relative paths, sizes and labels: two sources with the same fingerprint deliver the same
  /// samples.
  virtual std::string fingerprint() const = 0;
};

/// Opens what the user named: a tree of class folders (labels = sorted folder names, walked recursively,
/// links followed) or a flat folder of images (no labels). `imagesPerClass` > 0 keeps only the first N of
/// every class. Throws Error for a folder that does not exist, cannot be read, or holds no image, and for a
/// class without images.
std::shared_ptr<const Source> openSource(const std::string& path, int imagesPerClass = 0);

}  // namespace cv::mixmim
