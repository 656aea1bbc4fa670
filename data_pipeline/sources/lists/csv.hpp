#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cv::mixmim {

/// Rows of separated fields by RFC 4180: a field in quotes may hold separators, line ends, and quotes written
/// twice. Lines end in LF, CR LF or CR; empty lines are passed over; blanks around fields are no
/// part of them. `separator` '\0' makes every line one field, quotes and all.
class CsvRows {
 public:
  /// `text` must outlive the rows; `where` names it in errors.
  CsvRows(std::string_view text, char separator, std::string where);

  /// Goes to the next row; false at the end. Throws Error for a quote that is not closed or is followed by
  /// text, and for rows and fields that are too long.
  bool next();

  const std::vector<std::string>& fields() const { return fields_; }  ///< of this row, at least one
  int64_t line() const { return line_; }                              ///< where this row begins, from 1
  std::string place() const { return where_ + ":" + std::to_string(line_); }

 private:
  bool atEnd() const { return at_ >= text_.size(); }
  bool atLineEnd() const { return text_[at_] == '\n' || text_[at_] == '\r'; }
  void skipLineEnd();
  bool skipToQuote();
  void readQuoted(std::string& field);
  void readPlain(std::string& field);

  std::string_view text_;
  char separator_;
  std::string where_;
  size_t at_ = 0;
  int64_t nextLine_ = 1, line_ = 0;
  std::vector<std::string> fields_;
};

}  // namespace cv::mixmim
