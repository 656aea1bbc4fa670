#include "sources/lists/pair_list.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "sources/files/pixel_classes.hpp"
#include "sources/lists/csv.hpp"
#include "sources/lists/list_builder.hpp"
#include "sources/lists/list_format.hpp"

namespace cv::mixmim {

PictureFiles readPairTable(std::string_view text, const std::string& list, const std::string& root,
                           const SourceOptions& options) {
  text = withoutByteOrderMark(text, list);
  const PairFormat format = formatOfPairs(text, list);
  ListBuilder builder(list, options);
  CsvRows rows(text, format.separator, list);
  size_t columns = 0;
  while (rows.next()) {
    const std::vector<std::string>& fields = rows.fields();
    const bool first = columns == 0;
    if (first) columns = fields.size();
    if (fields.size() != columns)
      throw Error(rows.place(),
                  fmt::format("expected {} fields as in the first row, got {}", columns, fields.size()));
    if (!(first && format.hasHeader))
      builder.addPair(fields[format.picture], fields[format.mask], rows.place());
  }
  return builder.finishPairs(pixelClasses(root, options));
}

std::string vocRootOf(const std::string& list) {
  const std::filesystem::path sets = std::filesystem::absolute(list).parent_path().parent_path();
  return sets.filename() == "ImageSets" ? sets.parent_path().string() : std::string();
}

PictureFiles readVocList(std::string_view text, const std::string& list, const std::string& root,
                         const SourceOptions& options) {
  ListBuilder builder(list, options);
  for (CsvRows rows(withoutByteOrderMark(text, list), '\0', list); rows.next();) {
    const std::string& name = rows.fields()[0];
    if (name.find_first_of(" \t/") != std::string::npos)
      throw Error(rows.place(), fmt::format("expected a name such as 2007_000032, got '{}'", name));
    builder.addPair("JPEGImages/" + name + ".jpg", "SegmentationClass/" + name + ".png", rows.place());
  }
  PictureFiles files = builder.finishPairs(pixelClasses(root, options, classesOfVoc()));
  files.root = root;
  return files;
}

}  // namespace cv::mixmim
