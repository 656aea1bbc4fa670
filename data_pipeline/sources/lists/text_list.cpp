#include "sources/lists/text_list.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/byte_order_mark.hpp"
#include "opencv2/mixmim/error.hpp"
#include "sources/lists/csv.hpp"
#include "sources/lists/list_builder.hpp"
#include "sources/lists/list_format.hpp"

namespace cv::mixmim {

namespace {

std::string_view withoutByteOrderMark(std::string_view text, const std::string& list) {
  if (hasUtf16Mark(text)) throw Error(list, "is UTF-16, expected UTF-8", "save it as UTF-8");
  return withoutUtf8Mark(text);
}

/// A line of which the first ones say that it ends in a number.
void addNumberedPath(const CsvRows& rows, ListBuilder& builder) {
  const NumberedPath entry = splitNumberedPath(rows.fields()[0]);
  if (entry.label.empty())
    throw Error(rows.place(),
                fmt::format("expected a path, a blank and a class number, got '{}'", rows.fields()[0]));
  builder.add(entry.path, std::string(entry.label), rows.place());
}

void addRow(const CsvRows& rows, const ListFormat& format, size_t columns, ListBuilder& builder) {
  const std::vector<std::string>& fields = rows.fields();
  if (fields.size() != columns)
    throw Error(rows.place(),
                fmt::format("expected {} fields as in the first row, got {}", columns, fields.size()));
  const std::string label = format.labelColumn < 0 ? "" : fields[static_cast<size_t>(format.labelColumn)];
  builder.add(fields[format.pathColumn], label, rows.place());
}

}  // namespace

PictureFiles readTextList(std::string_view text, const std::string& list, const SourceOptions& options) {
  text = withoutByteOrderMark(text, list);
  const ListFormat format = formatOfList(text, list);
  ListBuilder builder(list, options);
  if (!format.unused.empty())
    builder.warn(fmt::format("columns that are not used: {}", fmt::join(format.unused, ", ")));
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
  return builder.finish();
}

}  // namespace cv::mixmim
