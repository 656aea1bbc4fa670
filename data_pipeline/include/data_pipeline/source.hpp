#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cv::mixmim {

/// Where something is, for messages: the path, or path:offset.
std::string placeText(const std::string& path, int64_t offset);

/// Something in a data set that could not be used and is left out: a damaged end of an archive, for example.
struct SourceProblem {
  std::string path;
  int64_t offset = 0;
  std::string reason;
};

/// An indexed set of encoded images. Index 0 .. size()-1 in a fixed order that depends only on the data set.
/// Threads: everything but construction is const and may be called concurrently.
class Source {
 public:
  virtual ~Source() = default;

  virtual int64_t size() const = 0;
  virtual int label(int64_t index) const = 0;         ///< -1 where the source has none
  virtual std::string path(int64_t index) const = 0;  ///< the file that holds it
  virtual std::string name(int64_t index) const = 0;  ///< path inside the data set: "class/picture.jpg"
  virtual int64_t offset(int64_t index) const;        ///< where in that file; 0 = it is the file
  std::string place(int64_t index) const { return placeText(path(index), offset(index)); }
  /// Encoded bytes into `bytes` (its capacity is reused). Throws Error when the file cannot be read.
  virtual void read(int64_t index, std::vector<uint8_t>& bytes) const = 0;

  /// Class names in label order, sorted bytewise; empty where there are no labels.
  virtual const std::vector<std::string>& labels() const = 0;
  /// Hash of relative paths, sizes and labels: two sources with the same fingerprint deliver the same
  /// samples.
  virtual std::string fingerprint() const = 0;
  /// The parts that were left out when the source was opened.
  virtual std::vector<SourceProblem> problems() const { return {}; }
};

/// Opens what the user named: a tree of class folders or a flat folder of images (folder_source.hpp), or tar
/// archives (tar_source.hpp). `imagesPerClass` > 0 keeps only the first N of every class. Throws Error for
/// what does not exist, cannot be read, or holds no image.
std::shared_ptr<const Source> openSource(const std::string& path, int imagesPerClass = 0);

}  // namespace cv::mixmim
