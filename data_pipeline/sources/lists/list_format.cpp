#include "sources/lists/list_format.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "opencv2/mixmim/byte_order_mark.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "sources/lists/csv.hpp"
#include "sources/names/class_numbers.hpp"
#include "sources/names/file_names.hpp"

namespace cv::mixmim {

namespace {

using Row = std::vector<std::string>;

constexpr size_t kLooked = 50;  // at so many rows

// In the order of preference.
constexpr std::array kPathNames{"path",     "file_path", "filepath",   "image_path", "img_path", "file",
                                "filename", "file_name", "image_file", "image_name", "img_name", "image",
                                "img",      "picture",   "image_id",   "id"};
constexpr std::array kLabelNames{"label",      "class",    "class_name",    "classname",
                                 "label_name", "category", "category_name", "target",
                                 "class_id",   "label_id", "category_id",   "species"};

// Headers of columns with several labels per picture.
constexpr std::array kLabelsNames{"labels",     "tags",        "classes",     "categories",
                                  "attributes", "label_names", "class_names", "targets"};

// Headers of columns with label maps.
constexpr std::array kMaskNames{"mask",       "masks",      "mask_path",    "label_map",
                                "annotation", "label_path", "segmentation", "seg"};

/// None where the text cannot be cut so.
std::vector<Row> firstRows(std::string_view text, char separator, const std::string& where) {
  CsvRows rows(text, separator, where);
  std::vector<Row> first;
  try {
    while (first.size() < kLooked && rows.next()) first.push_back(rows.fields());
  } catch (const Error&) {  // with another separator, quotes stand elsewhere
    return {};
  }
  return first;
}

template <size_t N>
std::optional<size_t> columnCalled(const std::array<const char*, N>& names, const Row& header) {
  for (const char* name : names)
    for (size_t i = 0; i < header.size(); ++i)
      if (lowerCase(header[i]) == name) return i;
  return {};
}

std::optional<size_t> columnOfPictures(const Row& row) {
  for (size_t i = 0; i < row.size(); ++i)
    if (isImageEnding(endingOf(row[i]))) return i;
  return {};
}

bool areNumberedPaths(std::string_view text, const std::string& where) {
  const std::vector<Row> rows = firstRows(text, '\0', where);
  return !rows.empty() && std::all_of(rows.begin(), rows.end(), [](const Row& row) {
    return !splitNumberedPath(row[0]).label.empty();
  });
}

bool isTable(const std::vector<Row>& rows) {
  return !rows.empty() && rows[0].size() > 1 &&
         std::all_of(rows.begin(), rows.end(), [&](const Row& row) { return row.size() == rows[0].size(); });
}

/// The separator that cuts all of the first rows alike.
char separatorOf(std::string_view text, const std::string& where) {
  const std::string name = lowerCase(where);
  const bool table = endsWith(name, ".csv") || endsWith(name, ".tsv");
  if (!table && areNumberedPaths(text, where)) return ' ';
  for (const char separator : {'\t', ',', ';'})
    if (isTable(firstRows(text, separator, where))) return separator;
  if (!table) return '\0';
  const std::string_view line = text.substr(0, text.find('\n'));  // rows of other lengths are errors later
  for (const char separator : {'\t', ',', ';'})
    if (line.find(separator) != std::string_view::npos) return separator;
  return ',';
}

bool isHeader(const std::vector<Row>& rows) {
  if (columnOfPictures(rows[0])) return false;
  return columnCalled(kPathNames, rows[0]) || columnCalled(kLabelNames, rows[0]) ||
         (rows.size() > 1 && columnOfPictures(rows[1]));
}

/// A column with nothing but 0 and 1 in the first rows behind the header.
bool isFlagColumn(const std::vector<Row>& rows, size_t column) {
  return std::all_of(rows.begin() + 1, rows.end(),
                     [&](const Row& row) { return column < row.size() && flagOf(row[column]).has_value(); });
}

/// A column for every label; all columns but the one for paths, or none.
void findFlags(const std::vector<Row>& rows, ListFormat& format) {
  const Row& header = rows[0];
  for (size_t i = 0; i < header.size(); ++i) {
    if (i == format.pathColumn) continue;
    if (!isFlagColumn(rows, i) || header[i].empty()) return format.flagColumns.clear();
    format.flagColumns.push_back(i);
  }
  for (const size_t column : format.flagColumns) format.flags.push_back(header[column]);
}

void findColumns(const std::vector<Row>& rows, const std::string& where, ListFormat& format) {
  const Row header = format.hasHeader ? rows[0] : Row();
  const Row& data = rows[format.hasHeader && rows.size() > 1 ? 1 : 0];
  const auto called = columnCalled(kPathNames, header);
  const auto pictures = columnOfPictures(data);
  format.pathColumn = pictures ? *pictures : called.value_or(0);
  if (const auto label = columnCalled(kLabelNames, header); label && *label != format.pathColumn)
    format.labelColumn = static_cast<int>(*label);
  else if (const auto labels = columnCalled(kLabelsNames, header); labels && *labels != format.pathColumn)
    format.labelColumn = static_cast<int>(*labels);
  else if (data.size() == 2)
    format.labelColumn = format.pathColumn == 0 ? 1 : 0;
  else if (data.size() > 2 && rows.size() > 1 && format.hasHeader)
    findFlags(rows, format);
  if (format.labelColumn < 0 && format.flagColumns.empty() && data.size() > 2)
    throw Error(where, fmt::format("expected a column for paths and one for labels, got {}", data.size()),
                "a header such as path,label says which they are; columns of 0 and 1 are labels");
  if (!format.flagColumns.empty()) return;
  for (size_t i = 0; i < header.size(); ++i)
    if (i != format.pathColumn && static_cast<int>(i) != format.labelColumn)
      format.unused.push_back(header[i]);
}

/// A header that promises several labels per picture.
bool hasPluralHeader(const Row& header, const ListFormat& format) {
  const auto column = static_cast<size_t>(format.labelColumn);
  if (!format.hasHeader || column >= header.size()) return false;  // rows of another length are errors later
  const std::string name = lowerCase(header[column]);
  return std::find(kLabelsNames.begin(), kLabelsNames.end(), name) != kLabelsNames.end();
}

/// Looks at all rows, because a separator may come late. A bar is no part of a name; the other characters are
/// separators where the header is plural, a blank where there is no other.
char separatorOfLabels(std::string_view text, const Row& header, const ListFormat& format,
                       const std::string& where) {
  const bool plural = hasPluralHeader(header, format);
  if (!plural && text.find('|') == std::string_view::npos) return '\0';
  std::string found;
  CsvRows rows(text, format.separator, where);
  for (bool first = true; rows.next(); first = false) {
    const auto column = static_cast<size_t>(format.labelColumn);
    if ((first && format.hasHeader) || column >= rows.fields().size()) continue;
    for (const char c : std::string_view("|;,"))
      if (rows.fields()[column].find(c) != std::string::npos) found += c;
    if (!found.empty() && found[0] == '|') break;
  }
  for (const char c : std::string_view("|;,"))
    if ((plural || c == '|') && found.find(c) != std::string::npos) return c;
  return plural ? ' ' : '\0';
}

}  // namespace

std::string_view withoutByteOrderMark(std::string_view text, const std::string& list) {
  if (hasUtf16Mark(text)) throw Error(list, "is UTF-16, expected UTF-8", "save it as UTF-8");
  return withoutUtf8Mark(text);
}

ListFormat formatOfList(std::string_view text, const std::string& where) {
  ListFormat format;
  format.separator = separatorOf(text, where);
  if (format.separator == '\0' || format.separator == ' ') return format;
  const std::vector<Row> rows = firstRows(text, format.separator, where);
  if (rows.empty()) return format;
  format.hasHeader = isHeader(rows);
  findColumns(rows, where, format);
  if (format.labelColumn >= 0) format.labelSeparator = separatorOfLabels(text, rows[0], format, where);
  return format;
}

PairFormat formatOfPairs(std::string_view text, const std::string& where) {
  const Error none(where, "expected two columns, pictures and their label maps", "such as image,mask");
  PairFormat format;
  format.separator = separatorOf(text, where);
  if (format.separator == '\0' || format.separator == ' ') throw none;
  const std::vector<Row> rows = firstRows(text, format.separator, where);
  if (rows.empty()) throw none;
  format.hasHeader = !columnOfPictures(rows[0]);
  const Row header = format.hasHeader ? rows[0] : Row();
  const auto picture = columnCalled(kPathNames, header), mask = columnCalled(kMaskNames, header);
  if (picture && mask) {
    format.picture = *picture;
    format.mask = *mask;
    return format;
  }
  std::vector<size_t> columns;
  const Row& data = rows[format.hasHeader && rows.size() > 1 ? 1 : 0];
  for (size_t i = 0; i < data.size(); ++i)
    if (isImageEnding(endingOf(data[i]))) columns.push_back(i);
  if (columns.size() < 2) throw none;
  format.picture = columns[0];
  format.mask = columns[1];
  return format;
}

std::optional<bool> flagOf(std::string_view field) {
  if (field == "1" || field == "1.0") return true;
  if (field == "0" || field == "0.0") return false;
  return std::nullopt;
}

std::vector<std::string> splitLabels(std::string_view field, char separator) {
  std::vector<std::string> labels;
  for (size_t begin = 0; begin <= field.size();) {
    const size_t end = std::min(field.find(separator, begin), field.size());
    std::string_view label = field.substr(begin, end - begin);
    label.remove_prefix(std::min(label.find_first_not_of(' '), label.size()));
    label = label.substr(0, label.find_last_not_of(' ') + 1);
    if (!label.empty()) labels.emplace_back(label);
    begin = end + 1;
  }
  return labels;
}

NumberedPath splitNumberedPath(std::string_view line) {
  const size_t blank = line.find_last_of(" \t");
  if (blank == std::string_view::npos || !isClassNumber(line.substr(blank + 1))) return {line, {}};
  const size_t end = line.find_last_not_of(" \t", blank);
  return {line.substr(0, end + 1), line.substr(blank + 1)};
}

}  // namespace cv::mixmim
