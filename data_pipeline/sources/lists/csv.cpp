#include "sources/lists/csv.hpp"

#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

constexpr size_t kMostFields = 1000, kLongestField = 64 << 10;

void trim(std::string& text) {
  const size_t end = text.find_last_not_of(" \t") + 1;
  text.erase(end);
  text.erase(0, text.find_first_not_of(" \t"));
}

}  // namespace

CsvRows::CsvRows(std::string_view text, char separator, std::string where)
    : text_(text), separator_(separator), where_(std::move(where)) {}

bool CsvRows::next() {
  while (!atEnd() && atLineEnd()) skipLineEnd();
  if (atEnd()) return false;
  line_ = nextLine_;
  size_t count = 0;
  for (bool more = true; more;) {
    if (count == kMostFields) throw Error(place(), fmt::format("expected at most {} fields", kMostFields));
    if (count == fields_.size()) fields_.emplace_back();
    std::string& field = fields_[count++];
    field.clear();
    if (separator_ == '\0' || !skipToQuote())
      readPlain(field);
    else
      readQuoted(field);
    more = !atEnd() && !atLineEnd();
    if (more) ++at_;  // the separator
  }
  if (!atEnd()) skipLineEnd();
  fields_.resize(count);
  return true;
}

void CsvRows::skipLineEnd() {
  const bool pair = text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
  at_ += pair ? 2 : 1;
  ++nextLine_;
}

bool CsvRows::skipToQuote() {
  const size_t next = text_.find_first_not_of(' ', at_);
  if (next == std::string_view::npos || text_[next] != '"') return false;
  at_ = next;
  return true;
}

void CsvRows::readQuoted(std::string& field) {
  for (++at_; !atEnd(); ++at_) {
    if (text_[at_] == '"') {
      ++at_;
      if (atEnd() || text_[at_] != '"') {
        while (!atEnd() && text_[at_] == ' ') ++at_;
        if (atEnd() || atLineEnd() || text_[at_] == separator_) return;
        throw Error(place(), "text behind a closing quote", "a quote in quotes is written twice");
      }
    }
    nextLine_ += text_[at_] == '\n';
    if (field.size() == kLongestField)
      throw Error(place(), fmt::format("a field is longer than {} bytes", kLongestField));
    field += text_[at_];
  }
  throw Error(place(), "a quote is not closed");
}

void CsvRows::readPlain(std::string& field) {
  const size_t begin = at_;
  while (!atEnd() && !atLineEnd() && (separator_ == '\0' || text_[at_] != separator_)) ++at_;
  if (at_ - begin > kLongestField)
    throw Error(place(), fmt::format("a field is longer than {} bytes", kLongestField));
  field.assign(text_, begin, at_ - begin);
  trim(field);
}

}  // namespace cv::mixmim
