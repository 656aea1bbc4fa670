#include "pth/legacy_pth.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "files/text.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

using namespace std::string_view_literals;

/// The first two pickles: PyTorch's number for the format, and version 1001.
constexpr std::string_view kStart =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03."sv;
constexpr uint64_t kLargestPickle = 64 << 20;

class Reader {
 public:
  Reader(std::string_view file, std::string where, uint64_t tensorLimit, PthArena& arena)
      : file_(file), where_(std::move(where)), tensorLimit_(tensorLimit), arena_(arena) {}

  LegacyPth read() {
    LegacyPth legacy;
    next_ = kStart.size();
    const auto* little = find<bool>(pickle("facts", nullptr), "little_endian");
    if (!little || !*little) throw Error(where_, "holds big-endian numbers, expected little-endian ones");
    legacy.root = pickle("object", &legacy.passedOver);
    const auto* keys = pickle("keys", nullptr)->as<PthList>();
    if (!keys) throw Error(where_, "expected a list of the keys of storages");
    for (const PthValue key : keys->items) readStorage(key, legacy);
    for (const auto& claim : claims_)
      if (legacy.storages.count(claim.first) == 0)
        throw Error(where_,
                    fmt::format("has no storage {}; the file is cut off or damaged", inQuotes(claim.first)));
    if (next_ != file_.size())
      throw Error(where_, fmt::format("expected the end of the file at byte {}, got {} more bytes", next_,
                                      file_.size() - next_));
    return legacy;
  }

 private:
  /// The pickle that comes next. Storages follow behind all pickles, so that here their sizes are only noted.
  PthValue pickle(const char* what, std::vector<std::string>* passedOver) {
    const auto note = [&](std::string_view key, uint64_t bytes) { return claim(key, bytes); };
    Unpickler unpickler(file_.substr(next_, kLargestPickle), fmt::format("{}: {}", where_, what), note,
                        tensorLimit_, arena_);
    const PthValue value = unpickler.runFirst();
    next_ += unpickler.bytesRead();
    if (passedOver) passedOver->assign(unpickler.passedOver().begin(), unpickler.passedOver().end());
    return value;
  }

  /// The size of a storage: what the pickle first said of it.
  uint64_t claim(std::string_view key, uint64_t bytes) {
    if (bytes > file_.size())
      throw Error(where_,
                  fmt::format("storage {}: expected at most {} bytes, got {}; the file is cut off or damaged",
                              inQuotes(key), file_.size(), bytes));
    return claims_.emplace(key, bytes).first->second;
  }

  void readStorage(PthValue key, LegacyPth& legacy) {
    constexpr size_t kCountBytes = 8, kLargestElement = 8;
    const auto* name = key->as<std::string_view>();
    if (!name || claims_.count(*name) == 0)
      throw Error(where_, fmt::format("expected the key of a known storage, got {}", describe(key)));
    const uint64_t left = file_.size() - next_, bytes = claims_.find(*name)->second;
    if (left < kCountBytes || left - kCountBytes < bytes)
      throw Error(where_, fmt::format("storage {}: expected {} bytes, got {}; the file is cut off or damaged",
                                      inQuotes(*name), bytes, left < kCountBytes ? 0 : left - kCountBytes));
    uint64_t elements = 0;
    for (size_t i = kCountBytes; i-- > 0;)
      elements = elements << 8 | static_cast<unsigned char>(file_[next_ + i]);
    if (elements == 0 ? bytes != 0 : bytes % elements != 0 || bytes / elements > kLargestElement)
      throw Error(where_, fmt::format("storage {}: expected {} bytes, got {} elements; the file is damaged",
                                      inQuotes(*name), bytes, elements));
    next_ += kCountBytes;
    if (!legacy.storages.emplace(*name, file_.substr(next_, bytes)).second)
      throw Error(where_, fmt::format("storage {} is there twice", inQuotes(*name)));
    next_ += bytes;
  }

  const std::string_view file_;
  const std::string where_;
  const uint64_t tensorLimit_;
  PthArena& arena_;
  std::map<std::string, uint64_t, std::less<>> claims_;  ///< bytes of storages, by key
  size_t next_ = 0;
};

}  // namespace

bool isLegacyPth(std::string_view file) {
  return startsWith(file, kStart);
}

LegacyPth readLegacyPth(std::string_view file, const std::string& where, uint64_t tensorLimit,
                        PthArena& arena) {
  return Reader(file, where, tensorLimit, arena).read();
}

}  // namespace cv::mixmim
