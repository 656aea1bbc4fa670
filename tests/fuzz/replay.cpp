// Runs a fuzz target on files instead of random bytes, so that every build, with any compiler, tries the
// corpus.
//   replay FILE-OR-FOLDER...
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

namespace fs = std::filesystem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kCuts = 64;  // lengths at which every file is also tried cut off

/// The file, and the file cut off at a number of places.
int replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> text(std::istreambuf_iterator<char>(file), {});
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  const size_t stride = bytes.size() / kCuts + 1;
  for (size_t size = 0; size < bytes.size(); size += stride) LLVMFuzzerTestOneInput(bytes.data(), size);
  return LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
      if (entry.is_regular_file()) {
        replay(entry.path());
        ++files;
      }
  std::cout << files << " files\n";
  return files > 0 ? 0 : 1;  // an empty corpus tests nothing
}
