#include "sources/files/file_source.hpp"

#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include "opencv2/mixmim/text.hpp"
#include "sources/files/fingerprint.hpp"
#include "sources/files/input_file.hpp"

namespace cv::mixmim {

namespace {

class FileSource final : public Source {
 public:
  explicit FileSource(PictureFiles files) : files_(std::move(files)) {}

  int64_t size() const override { return files_.pictures.size(); }
  int label(int64_t index) const override {
    if (!hasSeveralLabels()) return files_.pictures.label(index);
    const std::vector<int>& labels = labelSet(index);
    return labels.empty() ? -1 : labels.front();
  }
  bool hasSeveralLabels() const override { return !files_.labelSets.empty(); }
  std::vector<int> labelsOf(int64_t index) const override {
    return hasSeveralLabels() ? labelSet(index) : Source::labelsOf(index);
  }
  std::string name(int64_t index) const override { return std::string(files_.pictures.name(index)); }
  std::string path(int64_t index) const override { return pathOf(name(index)); }
  bool hasMasks() const override { return files_.masks.size() > 0; }
  std::string maskPlace(int64_t index) const override {
    return hasMasks() ? pathOf(std::string(files_.masks.name(index))) : std::string();
  }
  const std::vector<std::string>& labels() const override { return files_.classes; }
  std::vector<SourceProblem> problems() const override { return files_.problems; }
  Omissions omissions() const override { return files_.omissions; }
  std::vector<std::string> warnings() const override { return files_.warnings; }

  void read(int64_t index, std::vector<uint8_t>& bytes) const override { readFile(path(index), bytes); }
  void readMask(int64_t index, std::vector<uint8_t>& bytes) const override {
    if (!hasMasks()) return Source::readMask(index, bytes);
    readFile(maskPlace(index), bytes);
  }

  /// Asks the size of every file, once, on the first call.
  std::string fingerprint() const override {
    std::call_once(fingerprinted_, [this] { fingerprint_ = computeFingerprint(); });
    return fingerprint_;
  }

 private:
  std::string pathOf(const std::string& name) const {
    return startsWith(name, "/") ? name : files_.root + "/" + name;
  }

  static void readFile(const std::string& path, std::vector<uint8_t>& bytes) {
    const InputFile file(path);
    readImage(file, 0, file.size(), bytes);
  }

  static int64_t sizeOf(const std::string& path) {
    std::error_code unreadable;  // such a file gets the size -1
    return static_cast<int64_t>(std::filesystem::file_size(path, unreadable));
  }

  const std::vector<int>& labelSet(int64_t index) const {
    return files_.labelSets.at(static_cast<size_t>(files_.pictures.label(index)));
  }

  std::string computeFingerprint() const {
    Fingerprint fingerprint;
    for (int64_t i = 0; i < size(); ++i) {
      fingerprint.add(name(i), sizeOf(path(i)), label(i));
      if (hasSeveralLabels()) fingerprint.add(labelSet(i));
      if (hasMasks()) fingerprint.add({}, sizeOf(maskPlace(i)), -1);  // its name in an archive differs
    }
    return fingerprint.text();
  }

  PictureFiles files_;
  mutable std::once_flag fingerprinted_;
  mutable std::string fingerprint_;
};

}  // namespace

std::shared_ptr<const Source> sourceOf(PictureFiles files) {
  return std::make_shared<FileSource>(std::move(files));
}

}  // namespace cv::mixmim
