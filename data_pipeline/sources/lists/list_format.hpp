#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cv::mixmim {

/// How the lines of a list are written.
struct ListFormat {
  /// ',', ';' or '\t': columns, as in CSV. ' ': "path with blanks 7", the number behind the last blank, as
  /// Places has it. '\0': every line is a path.
  char separator = '\0';
  bool hasHeader = false;
  size_t pathColumn = 0;
  int labelColumn = -1;             ///< -1 = none
  std::vector<std::string> unused;  ///< names of the other columns, from the header
};

/// Finds out from the first lines. `where` is the list, for errors, and its ending .csv or .tsv is a hint.
/// Throws Error where more than two columns have no header that says which one is the label.
ListFormat formatOfList(std::string_view text, const std::string& where);

/// "a b.jpg 7" -> "a b.jpg", "7"; the label is empty where the line does not end in a blank and a number.
struct NumberedPath {
  std::string_view path, label;
};
NumberedPath splitNumberedPath(std::string_view line);

}  // namespace cv::mixmim
