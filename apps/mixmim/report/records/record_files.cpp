#include "report/records/record_files.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim::report {

namespace fs = std::filesystem;

std::optional<std::string> readSmallFile(const fs::path& path, size_t limit) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {};
  std::ifstream file(path, std::ios::binary);
  std::string bytes(static_cast<size_t>(std::min<uintmax_t>(fs::file_size(path, error), limit)) + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.eof() && !file.good()) throw Error(path.string(), "cannot be read");
  if (!file.eof())
    throw Error(path.string(), fmt::format("is larger than {} bytes, and was not read", limit));
  bytes.resize(static_cast<size_t>(file.gcount()));
  return bytes;
}

int64_t forEachLine(std::istream& file, const std::function<void(std::string_view)>& take) {
  std::string buffer(1 << 20, '\0');
  size_t kept = 0;       // bytes of an unfinished line at the beginning of the buffer
  bool passing = false;  // in the middle of a line that is too long
  int64_t passedOver = 0;
  while (file.read(buffer.data() + kept, static_cast<std::streamsize>(buffer.size() - kept)),
         file.gcount() > 0) {
    std::string_view rest(buffer.data(), kept + static_cast<size_t>(file.gcount()));
    for (size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      const bool tooLong = passing || end > kLongestLine;
      if (!tooLong) take(rest.substr(0, end));
      passedOver += tooLong;
      passing = false;
    }
    passing = passing || rest.size() > kLongestLine;
    kept = passing ? 0 : rest.size();
    std::copy_n(rest.data(), kept, buffer.data());
  }
  if (kept > 0) take({buffer.data(), kept});
  return passedOver + passing;
}

}  // namespace cv::mixmim::report
