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
  std::string path(int64_t index) const override {
    std::string name = this->name(index);
    return startsWith(name, "/") ? name : files_.root + "/" + name;
  }
  const std::vector<std::string>& labels() const override { return files_.classes; }
  Omissions omissions() const override { return files_.omissions; }
  std::vector<std::string> warnings() const override { return files_.warnings; }

  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    const InputFile file(path(index));
    readImage(file, 0, file.size(), bytes);
  }

  /// Asks the size of every file, once, on the first call.
  std::string fingerprint() const override {
    std::call_once(fingerprinted_, [this] { fingerprint_ = computeFingerprint(); });
    return fingerprint_;
  }

 private:
  const std::vector<int>& labelSet(int64_t index) const {
    return files_.labelSets.at(static_cast<size_t>(files_.pictures.label(index)));
  }

  std::string computeFingerprint() const {
    Fingerprint fingerprint;
    for (int64_t i = 0; i < size(); ++i) {
      std::error_code unreadable;  // such a file gets the size -1
      const auto bytes = static_cast<int64_t>(std::filesystem::file_size(path(i), unreadable));
      fingerprint.add(name(i), bytes, label(i));
      if (hasSeveralLabels()) fingerprint.add(labelSet(i));
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
