#include "sources/lists/list_source.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/byte_order_mark.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "sources/archives/tar_source.hpp"
#include "sources/files/file_source.hpp"
#include "sources/files/input_file.hpp"
#include "sources/lists/csv.hpp"
#include "sources/lists/json_list.hpp"
#include "sources/lists/pair_list.hpp"
#include "sources/lists/text_list.hpp"

namespace cv::mixmim {

namespace {

constexpr int64_t kLargestText = int64_t{1} << 30, kLargestJson = int64_t{8} << 30;

bool beginsLikeJson(const InputFile& file) {
  std::string beginning(64, '\0');
  beginning.resize(file.readAt(0, beginning.data(), beginning.size()));
  const size_t first = beginning.find_first_not_of("\xef\xbb\xbf \t\r\n");
  return first != std::string::npos && (beginning[first] == '{' || beginning[first] == '[');
}

void checkSize(const InputFile& file, int64_t largest) {
  if (file.size() > largest)
    throw Error(file.path(),
                fmt::format("expected a list of at most {} bytes, got {}", largest, file.size()));
}

PictureFiles readJson(const InputFile& file, const SourceOptions& options) {
  constexpr size_t kPiece = 1 << 20;
  checkSize(file, kLargestJson);
  std::string piece(kPiece, '\0');
  int64_t at = 0;
  const auto next = [&]() -> std::string_view {
    std::string_view text(piece.data(), file.readAt(at, piece.data(), piece.size()));
    const bool first = at == 0;
    at += static_cast<int64_t>(text.size());
    return first ? withoutUtf8Mark(text) : text;
  };
  return readJsonList(next, file.path(), options);
}

std::string contentOf(const InputFile& file) {
  checkSize(file, kLargestText);
  std::string text(static_cast<size_t>(file.size()), '\0');
  text.resize(file.readAt(0, text.data(), text.size()));
  return text;
}

std::string rootOf(const std::string& list, const SourceOptions& options) {
  if (!options.root.empty()) return options.root;
  const std::string folder = std::filesystem::path(list).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string pathIn(const std::string& root, std::string_view name) {
  return startsWith(name, "/") ? std::string(name) : root + "/" + std::string(name);
}

PictureFiles readPairs(const InputFile& file, const SourceOptions& options) {
  if (beginsLikeJson(file))
    throw Error(file.path(), "label maps are not read from JSON", "expected a table such as image,mask");
  const std::string text = contentOf(file);
  if (const std::string root = vocRootOf(file.path()); !root.empty())
    return readVocList(text, file.path(), root, options);
  return readPairTable(text, file.path(), rootOf(file.path(), options), options);
}

/// The archives that a list names; none if its first line is no name of one.
std::vector<std::string> archivesIn(const InputFile& file, const SourceOptions& options) {
  constexpr int64_t kLongestLine = 4096;
  std::string beginning(static_cast<size_t>(std::min(kLongestLine, file.size())), '\0');
  beginning.resize(file.readAt(0, beginning.data(), beginning.size()));
  CsvRows first(beginning, '\0', file.path());
  if (!first.next() || !endsWith(first.fields()[0], ".tar")) return {};
  const std::string text = contentOf(file);
  std::vector<std::string> archives;
  for (CsvRows rows(text, '\0', file.path()); rows.next();)
    archives.push_back(pathIn(rootOf(file.path(), options), rows.fields()[0]));
  return archives;
}

/// Not all pictures are looked for, because that takes long for a million. Where some are there, the others
/// are found out when they are read.
void expectPictures(const PictureFiles& files, const std::string& list) {
  constexpr int64_t kTried = 8;
  const int64_t pictures = files.pictures.size(), tried = std::min(kTried, pictures);
  std::error_code none;
  for (int64_t i = 0; i < tried; ++i)
    if (std::filesystem::exists(pathIn(files.root, files.pictures.name(i * pictures / tried)), none)) return;
  const bool backslashes = files.pictures.name(0).find('\\') != std::string_view::npos;
  throw Error(
      list,
      fmt::format("the pictures it lists are not there, '{}' for example",
                  pathIn(files.root, files.pictures.name(0))),
      backslashes ? "its paths have backslashes, expected '/'" : "--root DIR says where its paths begin");
}

}  // namespace

std::shared_ptr<const Source> openList(const std::string& list, const SourceOptions& options) {
  const InputFile file(list);
  if (const std::vector<std::string> archives = archivesIn(file, options); !archives.empty())
    return openTars(list, archives, options);
  PictureFiles files = options.masks          ? readPairs(file, options)
                       : beginsLikeJson(file) ? readJson(file, options)
                                              : readTextList(contentOf(file), list, options);
  if (files.root.empty()) files.root = rootOf(list, options);
  expectPictures(files, list);
  return sourceOf(std::move(files));
}

}  // namespace cv::mixmim
