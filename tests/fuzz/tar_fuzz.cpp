// Any bytes as a tar archive and as its index: a list of files that lie inside it, and their samples, or an
// error.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "data_pipeline/shard_index.hpp"
#include "opencv2/mixmim/error.hpp"
#include "sources/archives/tar_samples.hpp"

namespace {

using namespace cv::mixmim;

void checkInside(const std::vector<TarEntry>& files, int64_t size) {
  for (const TarEntry& file : files)
    if (file.offset < kTarBlock || file.size < 0 || file.offset + file.size > size) std::abort();
}

std::vector<TarEntry> imagesOf(const TarGroups& groups) {
  std::vector<TarEntry> images;
  for (const TarSample& sample : groups.samples) images.push_back(sample.image);
  return images;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto total = static_cast<int64_t>(size);
  const auto readAt = [&](int64_t offset, void* to, size_t bytes) {
    if (offset < 0 || offset > total) std::abort();
    const size_t n = std::min(bytes, size - static_cast<size_t>(offset));
    std::memcpy(to, data + offset, n);
    return n;
  };
  try {
    const TarListing list = listTar(readAt, total);
    checkInside(list.files, total);
    checkInside(imagesOf(groupSamples(list.files)), total);
    indexText(list.files);
  } catch (const Error&) {
  }
  constexpr int64_t kArchive = 1 << 20;
  if (const auto files = parseIndex(std::string(reinterpret_cast<const char*>(data), size), kArchive))
    checkInside(*files, kArchive);
  return 0;
}
