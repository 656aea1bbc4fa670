// The exception type of this project and the form of its messages.
#pragma once

#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The one exception type of this project. Its message has one form:
///
///   where: what, expected ..., got ...; hint
///
/// `where` is a file, an option or a function the user can recognise. what() returns exactly the message,
/// without OpenCV's own prefix, so that programs can print it as it is.
class CV_EXPORTS Error : public cv::Exception {
 public:
  /// A message that has the form already.
  explicit Error(const std::string& message);
  /// "where: what; hint", or "where: what" without a hint.
  Error(const std::string& where, const std::string& what, const std::string& hint = {});
  ~Error() noexcept override;  // out of line: one type identity for all plugins
};

/// The known name closest to `word` (edit distance at most a third of its length, or a shared beginning), or
/// "". For "did you mean" hints.
CV_EXPORTS std::string nearestName(const std::string& word, const std::vector<std::string>& known);

/// "a, b, c and 95 more": a list for a message, which stays readable when everything is wrong.
CV_EXPORTS std::string firstFew(const std::vector<std::string>& entries, size_t few = 5);

}  // namespace cv::mixmim
