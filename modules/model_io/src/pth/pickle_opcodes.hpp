// The part of Python's pickle format that PyTorch writes (names as in Python's pickletools), and PyTorch's
// names for element types.
#pragma once

#include <array>
#include <string_view>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim::pickle {

inline constexpr unsigned kProtocol = 2;

enum Opcode : unsigned char {
  kProto = 0x80,
  kStop = '.',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kMark = '(',
  kEmptyDict = '}',
  kEmptyList = ']',
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kSetItem = 's',
  kSetItems = 'u',
  kAppend = 'a',
  kAppends = 'e',
  kBinUnicode = 'X',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8a,
  kBinFloat = 'G',
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kGlobal = 'c',
  kReduce = 'R',
  kNewObj = 0x81,
  kBuild = 'b',
  kBinPersId = 'Q',
};

/// Classes of module "torch", in the order of DType.
inline constexpr std::array<std::string_view, 10> kStorageTypes{
    "DoubleStorage", "FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage",
    "IntStorage",    "ShortStorage", "CharStorage", "ByteStorage",     "BoolStorage"};

inline std::string_view storageTypeOf(DType dtype) {
  return kStorageTypes[static_cast<size_t>(dtype)];
}

}  // namespace cv::mixmim::pickle
