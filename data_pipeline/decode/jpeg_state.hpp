// libjpeg with exceptions. Only jpeg_decoder.cpp includes this.
#pragma once

#include <csetjmp>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs it
#include <vector>

#include <jpeglib.h>
// jerror.h builds on jpeglib.h
#include <jerror.h>
#include <opencv2/core.hpp>

namespace cv::mixmim {

inline constexpr const char* kTruncatedJpeg = "the file is truncated";

/// libjpeg's struct, the way out of its errors, and the decoded pixels. The functions are the steps of
/// decoding, in order; each throws Error with libjpeg's reason.
///
/// libjpeg reports an error through a call that must not return. A C++ exception cannot cross its C frames,
/// so ours jumps back out of the step; and because a jump must not skip a destructor, what runs between is a
/// plain function that owns nothing.
struct JpegState {
  JpegState();
  ~JpegState();
  JpegState(const JpegState&) = delete;
  JpegState& operator=(const JpegState&) = delete;

  void readHeader(const uint8_t* data, size_t length);
  void start(J_COLOR_SPACE colours);  ///< of a progressive file this reads all scans
  void crop();      ///< asks for the columns of `decoded`, whose left edge libjpeg moves to a block boundary
  void readRows();  ///< of `decoded`, into `pixels`
  void finish();    ///< after the last row: reads up to the end marker

  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf escape{};
  char error[JMSG_LENGTH_MAX] = "", warning[JMSG_LENGTH_MAX] = "";
  int64_t warnings = 0;
  bool endOfFile = false, dataMissing = false;  ///< kinds of warnings seen

  const uint8_t* bytes = nullptr;
  size_t size = 0;
  cv::Rect decoded;             ///< the part of the image in `pixels`
  std::vector<uint8_t> pixels;  ///< decoded.height rows
  size_t step = 0;              ///< bytes per row
};

}  // namespace cv::mixmim
