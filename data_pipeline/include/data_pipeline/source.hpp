#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/omissions.hpp"

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
  virtual int label(int64_t index) const = 0;         ///< -1 where the source has none; see labelsOf
  virtual std::string path(int64_t index) const = 0;  ///< the file that holds it
  virtual std::string name(int64_t index) const = 0;  ///< path inside the data set: "class/picture.jpg"
  virtual int64_t offset(int64_t index) const;        ///< where in that file; 0 = it is the file
  std::string place(int64_t index) const { return placeText(path(index), offset(index)); }
  /// Encoded bytes into `bytes` (its capacity is reused). Throws Error when the file cannot be read.
  virtual void read(int64_t index, std::vector<uint8_t>& bytes) const = 0;

  /// Every picture has a label map (label_map.hpp). label() is then -1, and labels() are the classes of
  /// pixels.
  virtual bool hasMasks() const { return false; }
  /// The encoded label map of a picture, as read() brings the picture. Throws Error where there is none.
  virtual void readMask(int64_t index, std::vector<uint8_t>& bytes) const;
  virtual std::string maskPlace(int64_t index) const;  ///< where it is, for messages; "" = there is none

  /// Class names in label order, sorted bytewise; of pixels in the order of their list. Empty where there are
  /// no labels.
  virtual const std::vector<std::string>& labels() const = 0;
  /// Pictures have any number of labels instead of one class. label() is then the first of them.
  virtual bool hasSeveralLabels() const { return false; }
  /// The labels of a picture, ascending: none where label() is -1.
  virtual std::vector<int> labelsOf(int64_t index) const;
  /// Hash of relative paths, sizes and labels: two sources with the same fingerprint deliver the same
  /// samples.
  virtual std::string fingerprint() const = 0;
  /// The parts that were left out when the source was opened, because they are damaged.
  virtual std::vector<SourceProblem> problems() const { return {}; }
  /// Files that were passed over, because they are no pictures or have no place among the classes.
  virtual Omissions omissions() const { return {}; }
  /// Sentences for whoever wants its classes: what looks like a mistake but may be meant.
  virtual std::vector<std::string> warnings() const { return {}; }
};

/// What the classes of a data set are for.
enum class Classes {
  kUnused,  ///< pretraining: all pictures count; classes that cost no reading are known nevertheless
  kShown,   ///< a look at the data: all pictures count, those without a class have the label -1
  kNeeded,  ///< every picture has a class; those without one are passed over
};

struct SourceOptions {
  int imagesPerClass = 0;  ///< > 0 keeps only the first N of every class
  Classes classes = Classes::kShown;
  std::string root;    ///< for lists: where their paths begin; "" = in the list's own folder
  bool masks = false;  ///< pictures with label maps; those without one are left out, see openSource
};

/// Opens what the user named (docs/data.md): a tree of folders (folder_source.hpp), tar archives
/// (tar_source.hpp), a list (list_source.hpp); with `masks` pictures and their label maps in folders
/// (pair_folder.hpp), archives or a list. Throws Error for what does not exist, cannot be read, has a name
/// that is not UTF-8, or holds no image, and where classes are needed for what has none.
std::shared_ptr<const Source> openSource(const std::string& path, const SourceOptions& options = {});

}  // namespace cv::mixmim
