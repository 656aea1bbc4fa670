#include "data_sets/shard_writer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "data_pipeline/shard_index.hpp"

namespace cv::mixmim {

namespace {

std::string extensionOf(const std::string& name) {
  const size_t dot = name.rfind('.');
  return dot == std::string::npos || dot < name.rfind('/') + 1 ? std::string() : name.substr(dot);
}

}  // namespace

ShardWriter::ShardWriter(std::string folder, std::string name, int64_t shardBytes)
    : folder_(std::move(folder)), name_(std::move(name)), shardBytes_(shardBytes) {}

std::string ShardWriter::keyFor(const std::string& name) {
  std::string key = name.substr(0, name.size() - extensionOf(name).size());
  const auto base = static_cast<std::ptrdiff_t>(key.rfind('/') + 1);
  std::replace(key.begin() + base, key.end(), '.', '_');
  std::replace_if(
      key.begin(), key.end(), [](unsigned char c) { return c <= ' '; }, '_');
  const std::string wanted = key;
  for (int i = 2; !keys_.insert(key).second; ++i) key = fmt::format("{}-{}", wanted, i);
  return key;
}

void ShardWriter::add(const std::string& name, const std::vector<uint8_t>& image, int label) {
  const int64_t roughly = static_cast<int64_t>(image.size()) + 4 * kTarBlock;
  if (shard_ && shard_->size() + roughly > shardBytes_) finish();
  if (!shard_) {
    shardPath_ = fmt::format("{}/{}-{:06}.tar", folder_, name_, shards_++);
    shard_ = std::make_unique<AtomicFile>(shardPath_);
  }
  const std::string key = keyFor(name);
  write(key + extensionOf(name), image.data(), image.size());
  if (label < 0) return;
  const std::string text = std::to_string(label);
  write(key + ".cls", text.data(), text.size());
}

void ShardWriter::write(const std::string& name, const void* data, size_t size) {
  const auto bytes = static_cast<int64_t>(size);
  shard_->write(tarHeader(name, bytes));
  files_.push_back({name, shard_->size(), bytes});
  shard_->write(data, size);
  shard_->write(std::string(static_cast<size_t>(tarPadding(bytes)), '\0'));
}

/// The index comes after its archive, which must not be the newer of the two.
void ShardWriter::finish() {
  if (!shard_) return;
  shard_->write(std::string(2 * kTarBlock, '\0'));
  bytes_ += shard_->size();
  shard_->commit();
  shard_.reset();
  AtomicFile index(indexNameOf(shardPath_));
  index.write(indexText(files_));
  index.commit();
  files_.clear();
}

}  // namespace cv::mixmim
