#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data_pipeline/tar_format.hpp"
#include "model_io/files/atomic_file.hpp"

namespace cv::mixmim {

/// Writes samples into numbered archives "FOLDER/NAME-000000.tar", each with its index "NAME-000000.idx", by
/// the rules of WebDataset. A shard gets its name only when it is complete. Errors: Error.
class ShardWriter {
 public:
  /// A new shard is begun when one would grow above `shardBytes`.
  ShardWriter(std::string folder, std::string name, int64_t shardBytes);

  /// `name` is the image's path in the data set. In the archive it keeps its folders; dots within it and
  /// blanks become "_", and a number is added where two images would have one key. `label` < 0 = none.
  void add(const std::string& name, const std::vector<uint8_t>& image, int label);
  void finish();

  int64_t shards() const { return shards_; }
  int64_t bytes() const { return bytes_; }  ///< of all archives so far

 private:
  std::string keyFor(const std::string& name);
  void write(const std::string& name, const void* data, size_t size);

  std::string folder_, name_;
  int64_t shardBytes_, shards_ = 0, bytes_ = 0;
  std::set<std::string> keys_;
  std::string shardPath_;
  std::unique_ptr<AtomicFile> shard_;
  std::vector<TarEntry> files_;  // of the shard
};

}  // namespace cv::mixmim
