// Numbers of the zip format (PKWARE's APPNOTE 4.3) that reading and writing share.
#pragma once

#include <boost/crc.hpp>
#include <cstdint>
#include <string_view>

namespace cv::mixmim::zip {

inline constexpr uint32_t kLocal = 0x04034b50, kEntry = 0x02014b50, kEnd = 0x06054b50, kWideEnd = 0x06064b50,
                          kWideLocator = 0x07064b50;
/// Bytes of each record before what varies.
inline constexpr uint64_t kLocalBytes = 30, kEntryBytes = 46, kEndBytes = 22, kWideEndBytes = 56,
                          kWideLocatorBytes = 20;
/// A field of 32 or 16 bits that holds this has its value in a zip64 record.
inline constexpr uint64_t kNarrow32 = 0xffffffff, kNarrow16 = 0xffff;
inline constexpr uint16_t kWideExtra = 1;  ///< id of the extra field with 64-bit numbers

inline uint32_t crcOf(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

}  // namespace cv::mixmim::zip
