#include "cuda/cubin_cache.hpp"

#include <filesystem>
#include <fstream>
#include <optional>

#include "model_io/files/atomic_file.hpp"
#include "model_io/files/hash.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

namespace fs = std::filesystem;

constexpr size_t kHashSize = 16;
constexpr uintmax_t kMostBytes = 64u << 20;  // a hundred times what the kernels take

/// A file is the hash of the bytes, then the bytes.
std::optional<std::string> undamaged(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error || size <= kHashSize || size > kMostBytes) return {};
  std::string all(static_cast<size_t>(size), '\0');
  if (!std::ifstream(path, std::ios::binary).read(all.data(), static_cast<std::streamsize>(all.size())))
    return {};
  const std::string bytes = all.substr(kHashSize);
  if (hashOf(bytes.data(), bytes.size()) != all.substr(0, kHashSize)) return {};
  return bytes;
}

void keep(const fs::path& path, const std::string& bytes) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  try {
    AtomicFile file(path.string());
    file.write(hashOf(bytes.data(), bytes.size()));
    file.write(bytes);
    file.commit();
  } catch (const Error&) {  // compiled again next time
  }
}

}  // namespace

std::string cachedCubin(const std::string& folder, const std::string& name,
                        const std::function<std::string()>& compile) {
  if (folder.empty()) return compile();
  const fs::path path = fs::path(folder) / name;
  if (std::optional<std::string> kept = undamaged(path)) return *std::move(kept);
  std::string bytes = compile();
  keep(path, bytes);
  return bytes;
}

}  // namespace cv::mixmim
