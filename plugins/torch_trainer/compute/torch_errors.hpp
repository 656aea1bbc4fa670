// Errors of LibTorch as this project's own: its messages carry the stack with them, and say not what to do.
#pragma once

#include <exception>
#include <string>

namespace c10 {
class Error;
}

namespace cv::mixmim {

/// The first line of an exception's message, without LibTorch's stack.
std::string reasonOf(const std::exception& e);

/// Throws an Error for an error of LibTorch in work on `device`, a name. One about memory says what to do.
[[noreturn]] void throwNamed(const c10::Error& error, const std::string& device);

}  // namespace cv::mixmim
