// Archives made in code, right ones and wrong ones.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "data_pipeline/tar_format.hpp"

namespace cv::mixmim::test {

using NamedBytes = std::pair<std::string, std::string>;

inline std::string padded(std::string bytes) {
  bytes.append(static_cast<size_t>(tarPadding(static_cast<int64_t>(bytes.size()))), '\0');
  return bytes;
}

/// One file: header, bytes, padding.
inline std::string tarFile(const std::string& name, const std::string& bytes) {
  return tarHeader(name, static_cast<int64_t>(bytes.size())) + padded(bytes);
}

inline std::string tarEnd() {
  return std::string(2 * kTarBlock, '\0');
}

inline std::string tarOf(const std::vector<NamedBytes>& files) {
  std::string tar;
  for (const auto& [name, bytes] : files) tar += tarFile(name, bytes);
  return tar + tarEnd();
}

/// A header with other bytes at `offset`, and the checksum that fits.
inline std::string changedHeader(std::string header, size_t offset, const std::string& bytes) {
  header.replace(offset, bytes.size(), bytes);
  header.replace(148, 8, "        ");
  int sum = 0;
  for (const char c : header.substr(0, kTarBlock)) sum += static_cast<unsigned char>(c);
  return header.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
}

inline TarListing listing(const std::string& tar) {
  return listTar(
      [&](int64_t offset, void* to, size_t bytes) {
        const auto at = static_cast<size_t>(offset);
        const size_t n = at < tar.size() ? std::min(bytes, tar.size() - at) : 0;
        std::memcpy(to, tar.data() + at, n);
        return n;
      },
      static_cast<int64_t>(tar.size()));
}

}  // namespace cv::mixmim::test
