// Encoded pictures with an orientation tag, as cameras and phones write them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cv::mixmim::test {

/// An EXIF block with that one tag.
inline std::vector<uint8_t> exifBlock(int orientation, bool bigEndian) {
  std::vector<uint8_t> block;
  const auto put = [&](int value, int length) {
    for (int i = 0; i < length; ++i)
      block.push_back(static_cast<uint8_t>(value >> 8 * (bigEndian ? length - 1 - i : i)));
  };
  block.assign(2, bigEndian ? 'M' : 'I');
  put(42, 2);
  put(8, 4);       // the directory's place
  put(1, 2);       // entries
  put(0x0112, 2);  // orientation
  put(3, 2);       // as 16 bits
  put(1, 4);       // one of them
  put(orientation, 2);
  put(0, 2);
  put(0, 4);  // no further directory
  return block;
}

inline uint32_t crc32Of(const std::vector<uint8_t>& bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

/// A JPEG, PNG or WebP of OpenCV, with the tag added.
inline std::vector<uint8_t> tagged(std::vector<uint8_t> file, int orientation, bool bigEndian = false) {
  const std::vector<uint8_t> exif = exifBlock(orientation, bigEndian);
  std::vector<uint8_t> part;
  const auto text = [&](const std::string& characters) {
    part.insert(part.end(), characters.begin(), characters.end());
  };
  const auto number = [](std::vector<uint8_t>& to, size_t value, int length, bool big) {
    for (int i = 0; i < length; ++i)
      to.push_back(static_cast<uint8_t>(value >> 8 * (big ? length - 1 - i : i)));
  };
  size_t at = 2;                 // behind the beginning of a JPEG
  if (file[0] == 0x89) at = 33;  // behind the header of a PNG
  if (file[0] == 'R') at = file.size();
  if (file[0] == 0xff) {
    part = {0xff, 0xe1};
    number(part, 2 + 6 + exif.size(), 2, true);
    text(std::string("Exif\0\0", 6));
    part.insert(part.end(), exif.begin(), exif.end());
  } else if (file[0] == 0x89) {
    text("eXIf");
    part.insert(part.end(), exif.begin(), exif.end());
    const uint32_t crc = crc32Of(part);
    std::vector<uint8_t> length;
    number(length, exif.size(), 4, true);
    part.insert(part.begin(), length.begin(), length.end());
    number(part, crc, 4, true);
  } else {
    text("EXIF");
    number(part, exif.size(), 4, false);
    part.insert(part.end(), exif.begin(), exif.end());
  }
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), part.begin(), part.end());
  if (file[0] == 'R')
    for (int i = 0; i < 4; ++i)
      file[4 + static_cast<size_t>(i)] = static_cast<uint8_t>((file.size() - 8) >> 8 * i);
  return file;
}

}  // namespace cv::mixmim::test
