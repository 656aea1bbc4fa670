#include "model_io/files/safetensors_shards.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "files/text.hpp"
#include "model_io/files/file_format.hpp"
#include "model_io/files/safetensors.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexEnd = ".index.json";
constexpr const char* kHint = "all shards and the index belong into one folder";

/// "model-00002-of-00003.safetensors": what stands before the number, how many there are, the ending.
struct ShardName {
  std::string start, count, ending;

  std::string ofNumber(int number) const {
    return fmt::format("{}-{:0{}}-of-{}{}", start, number, count.size(), count, ending);
  }
};

bool isNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// Nothing (no count) for a file that is no shard by its name.
ShardName shardNameOf(const fs::path& path) {
  const std::string stem = path.stem().string();
  const size_t of = stem.rfind("-of-"),
               dash = of == std::string::npos || of == 0 ? of : stem.rfind('-', of - 1);
  if (of == std::string::npos || dash == std::string::npos || dash == of) return {};
  constexpr size_t kDigits = 5;
  const std::string number = stem.substr(dash + 1, of - dash - 1), count = stem.substr(of + 4);
  if (!isNumber(number) || !isNumber(count) || number.size() != kDigits || count.size() != kDigits) return {};
  return {stem.substr(0, dash), count, path.extension().string()};
}

/// Where each tensor of an index stands: shard -> names.
std::map<std::string, std::set<std::string>> readIndex(const std::string& path) {
  constexpr std::streamoff kLargest = 100'000'000;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() > kLargest) throw Error(path, "cannot be read");
  std::string text(static_cast<size_t>(file.tellg()), '\0');
  file.seekg(0);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const boost::json::value root = parseJson(text, path);
  const auto* object = root.if_object();
  const auto* entry = object ? object->if_contains("weight_map") : nullptr;
  if (!entry || !entry->is_object() || entry->get_object().empty())
    throw Error(path, "expected an object 'weight_map' of names and files");
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& item : entry->get_object()) {
    const std::string name(item.key());
    const std::string shard = item.value().is_string() ? item.value().get_string().c_str() : "";
    if (shard.empty() || fs::path(shard).filename() != shard || shard == "." || shard == "..")
      throw Error(path, fmt::format("{}: expected the name of a file beside the index", inQuotes(name)));
    shards[shard].insert(name);
  }
  return shards;
}

/// The names of shards that are not in the folder, for a message.
void requireAll(const std::vector<std::string>& shards, const fs::path& folder, const std::string& where) {
  std::vector<std::string> missing;
  for (const std::string& shard : shards) {
    std::error_code ignored;  // what cannot be looked at is not there
    if (!fs::is_regular_file(folder / shard, ignored)) missing.push_back(inQuotes(shard));
  }
  if (!missing.empty())
    throw Error(where,
                fmt::format("is part of a model in {} files, of which {} {} missing", shards.size(),
                            firstFew(missing), missing.size() == 1 ? "is" : "are"),
                kHint);
}

void addShard(const std::string& path, TensorMap& tensors) {
  refuseShardOfTorch(path);
  for (auto& [name, tensor] : readSafetensors(path))
    if (!tensors.emplace(name, tensor).second)
      throw Error(path, fmt::format("tensor {} is in another shard too", inQuotes(name)));
}

TensorMap readByIndex(const std::string& path) {
  const auto shards = readIndex(path);
  const fs::path folder = fs::path(path).parent_path();
  std::vector<std::string> names;
  for (const auto& entry : shards) names.push_back(entry.first);
  requireAll(names, folder, path);
  TensorMap tensors;
  for (const auto& [shard, expected] : shards) {
    addShard((folder / shard).string(), tensors);
    for (const std::string& name : expected)
      if (tensors.count(name) == 0)
        throw Error((folder / shard).string(),
                    fmt::format("expected tensor {}, which the index says is here", inQuotes(name)), kHint);
  }
  return tensors;
}

}  // namespace

bool isShard(const std::string& path) {
  return !shardNameOf(path).count.empty();
}

std::string weightShardsIn(const std::string& folder) {
  std::error_code ignored;  // what cannot be looked at is not there
  const fs::path index = fs::path(folder) / (std::string("model.safetensors") + kIndexEnd);
  if (fs::is_regular_file(index, ignored)) return index.string();
  std::set<std::string> shards;  // sorted, so that the same one is found everywhere
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().extension() == ".safetensors" && isShard(entry.path().string()))
      shards.insert(entry.path().string());
  return shards.empty() ? "" : *shards.begin();
}

void refuseShardOfTorch(const std::string& path) {
  if (formatOf(path) == FileFormat::kPth)
    throw Error(path, "is one of several files of torch.save, which are not read together",
                "save the model in one file, or as safetensors");
}

TensorMap readShards(const std::string& path) {
  const ShardName shard = shardNameOf(path);
  if (shard.count.empty()) return readByIndex(path);
  const fs::path folder = fs::path(path).parent_path(),
                 index = folder / (shard.start + shard.ending + kIndexEnd);
  std::error_code ignored;  // what cannot be looked at is not there
  if (fs::is_regular_file(index, ignored)) return readByIndex(index.string());
  constexpr int kMost = 10'000;
  int count = 0;
  std::from_chars(shard.count.data(), shard.count.data() + shard.count.size(), count);
  if (count < 1 || count > kMost)
    throw Error(path, fmt::format("expected the name of one of 1 to {} files, got one of {}", kMost, count));
  std::vector<std::string> names;
  for (int number = 1; number <= count; ++number) names.push_back(shard.ofNumber(number));
  requireAll(names, folder, path);
  TensorMap tensors;
  for (const std::string& name : names) addShard((folder / name).string(), tensors);
  return tensors;
}

}  // namespace cv::mixmim
