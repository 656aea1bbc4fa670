#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cv::mixmim {

/// The text of a list without a byte order mark before it. Throws Error for text in UTF-16.
std::string_view withoutByteOrderMark(std::string_view text, const std::string& list);

/// How the lines of a list are written.
struct ListFormat {
  /// ',', ';' or '\t': columns, as in CSV. ' ': "path with blanks 7", the number behind the last blank, as
  /// Places has it. '\0': every line is a path.
  char separator = '\0';
  bool hasHeader = false;
  size_t pathColumn = 0;
  int labelColumn = -1;  ///< -1 = none
  /// Between the labels of a picture that may have several: '|', ';', ',' or ' '. '\0' = one class.
  char labelSeparator = '\0';
  /// Columns of 0 and 1, one for each label, which their header names; then there is no labelColumn.
  std::vector<size_t> flagColumns;
  std::vector<std::string> flags;   ///< their labels
  std::vector<std::string> unused;  ///< names of the other columns, from the header
};

/// Finds out from the first lines. `where` is the list, for errors, and its ending .csv or .tsv is a hint.
/// Throws Error where more than two columns have no header that says which one is the label.
ListFormat formatOfList(std::string_view text, const std::string& where);

/// Where a table of pairs has its pictures and its label maps.
struct PairFormat {
  char separator = ',';
  bool hasHeader = false;
  size_t picture = 0, mask = 1;  ///< columns
};

/// Finds out from the first lines: the columns that the header calls image and mask, or the like, else the
/// first two whose entries end like pictures. Throws Error where there are none.
PairFormat formatOfPairs(std::string_view text, const std::string& where);

/// "1" or "1.0": true, "0" or "0.0": false; none for anything else.
std::optional<bool> flagOf(std::string_view field);

/// "cat| dog" -> "cat", "dog". Empty parts are no labels.
std::vector<std::string> splitLabels(std::string_view field, char separator);

/// "a b.jpg 7" -> "a b.jpg", "7"; the label is empty where the line does not end in a blank and a number.
struct NumberedPath {
  std::string_view path, label;
};
NumberedPath splitNumberedPath(std::string_view line);

}  // namespace cv::mixmim
