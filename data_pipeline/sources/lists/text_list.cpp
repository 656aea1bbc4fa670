#include "sources/lists/text_list.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "sources/lists/csv.hpp"
#include "sources/lists/list_builder.hpp"
#include "sources/lists/list_format.hpp"

namespace cv::mixmim {

namespace {

/// A line of which the first ones say that it ends in a number.
void addNumberedPath(const CsvRows& rows, ListBuilder& builder) {
  const NumberedPath entry = splitNumberedPath(rows.fields()[0]);
  if (entry.label.empty())
    throw Error(rows.place(),
                fmt::format("expected a path, a blank and a class number, got '{}'", rows.fields()[0]));
  builder.add(entry.path, std::string(entry.label), rows.place());
}

/// The labels of a picture that may have several.
std::vector<std::string> labelsOf(const CsvRows& rows, const ListFormat& format) {
  const std::vector<std::string>& fields = rows.fields();
  if (format.flags.empty())
    return splitLabels(fields[static_cast<size_t>(format.labelColumn)], format.labelSeparator);
  std::vector<std::string> labels;
  for (size_t i = 0; i < format.flags.size(); ++i) {
    const std::string& field = fields[format.flagColumns[i]];
    const std::optional<bool> flag = flagOf(field);
    if (!flag)
      throw Error(rows.place(),
                  fmt::format("column '{}': expected 0 or 1, got '{}'", format.flags[i], field));
    if (*flag) labels.push_back(format.flags[i]);
  }
  return labels;
}

void addRow(const CsvRows& rows, const ListFormat& format, size_t columns, ListBuilder& builder) {
  const std::vector<std::string>& fields = rows.fields();
  if (fields.size() != columns)
    throw Error(rows.place(),
                fmt::format("expected {} fields as in the first row, got {}", columns, fields.size()));
  const std::string& path = fields[format.pathColumn];
  if (format.labelSeparator != '\0' || !format.flags.empty())
    return builder.addSeveral(path, labelsOf(rows, format), rows.place());
  const std::string label = format.labelColumn < 0 ? "" : fields[static_cast<size_t>(format.labelColumn)];
  builder.add(path, label, rows.place());
}

}  // namespace

PictureFiles readTextList(std::string_view text, const std::string& list, const SourceOptions& options) {
  text = withoutByteOrderMark(text, list);
  const ListFormat format = formatOfList(text, list);
  ListBuilder builder(list, options);
  if (!format.unused.empty())
    builder.warn(fmt::format("columns that are not used: {}", fmt::join(format.unused, ", ")));
  builder.declare(format.flags);
  const bool numbered = format.separator == ' ';
  CsvRows rows(text, numbered ? '\0' : format.separator, list);
  size_t columns = 0;
  while (rows.next()) {
    const bool first = columns == 0;
    if (first) columns = rows.fields().size();
    if (first && format.hasHeader) continue;
    if (numbered)
      addNumberedPath(rows, builder);
    else
      addRow(rows, format, columns, builder);
  }
  PictureFiles files = builder.finish();
  if (!files.labelSets.empty() && format.flags.empty())
    files.warnings.push_back(
        fmt::format("{}: several labels per picture, separated by {}", list,
                    format.labelSeparator == ' ' ? "blanks" : fmt::format("'{}'", format.labelSeparator)));
  return files;
}

}  // namespace cv::mixmim
