#include "sources/folder_source.hpp"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <system_error>

#include "opencv2/mixmim/error.hpp"
#include "sources/fingerprint.hpp"
#include "sources/folder_listing.hpp"
#include "sources/input_file.hpp"

namespace cv::mixmim {

namespace {

class FolderSource final : public Source {
 public:
  FolderSource(const std::string& root, int imagesPerClass) : root_(root), classes_(foldersIn(root)) {
    if (classes_.empty()) {
      add(imagesIn(root, false), "", -1, imagesPerClass);
      if (size() == 0)
        throw Error(root, "holds no image, expected class folders or files like .jpg and .png");
    }
    for (size_t label = 0; label < classes_.size(); ++label) {
      const int64_t before = size();
      const std::string& name = classes_[label];
      add(imagesIn(root + "/" + name, true), name + "/", static_cast<int>(label), imagesPerClass);
      if (size() == before)
        throw Error(root + "/" + name, "class without images", "remove the folder or put images into it");
    }
  }

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  int label(int64_t index) const override { return labels_.at(static_cast<size_t>(index)); }
  std::string path(int64_t index) const override { return root_ + "/" + name(index); }

  std::string name(int64_t index) const override {
    const size_t i = static_cast<size_t>(index), end = ends_.at(i), begin = i == 0 ? 0 : ends_[i - 1];
    return names_.substr(begin, end - begin);
  }
  const std::vector<std::string>& labels() const override { return classes_; }

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
  void add(const std::vector<std::string>& images, const std::string& prefix, int label, int limit) {
    const size_t count = limit > 0 ? std::min(images.size(), static_cast<size_t>(limit)) : images.size();
    for (size_t i = 0; i < count; ++i) {
      names_ += prefix + images[i];
      ends_.push_back(names_.size());
      labels_.push_back(label);
    }
  }

  std::string computeFingerprint() const {
    Fingerprint fingerprint;
    for (int64_t i = 0; i < size(); ++i) {
      const std::string name = this->name(i);
      std::error_code unreadable;  // such a file gets the size -1
      const auto bytes = static_cast<int64_t>(std::filesystem::file_size(root_ + "/" + name, unreadable));
      fingerprint.add(name, bytes, labels_[static_cast<size_t>(i)]);
    }
    return fingerprint.text();
  }

  std::string root_;
  std::vector<std::string> classes_;
  // All relative paths, one after the other: a million strings would cost three times as much.
  std::string names_;
  std::vector<size_t> ends_;  // of each path in names_
  std::vector<int32_t> labels_;
  mutable std::once_flag fingerprinted_;
  mutable std::string fingerprint_;
};

}  // namespace

std::shared_ptr<const Source> openFolder(const std::string& root, int imagesPerClass) {
  const size_t last = root.find_last_not_of('/');  // "data/" is "data", in messages too
  const std::string folder = last == std::string::npos ? root : root.substr(0, last + 1);
  return std::make_shared<FolderSource>(folder, imagesPerClass);
}

}  // namespace cv::mixmim
