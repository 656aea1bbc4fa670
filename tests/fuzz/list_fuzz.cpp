// Any bytes as a list of pictures, as text, table and JSON: pictures with names and with classes that are
// there, or an error; and as a list of pairs: two names each, or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "sources/lists/json_list.hpp"
#include "sources/lists/pair_list.hpp"
#include "sources/lists/text_list.hpp"

namespace {

using namespace cv::mixmim;

void check(PictureFiles files, Classes use) {
  const auto source = sourceOf(std::move(files));
  const auto classes = static_cast<int>(source->labels().size());
  if (source->size() == 0) std::abort();
  for (int64_t i = 0; i < source->size(); ++i) {
    const std::vector<int> labels = source->labelsOf(i);
    const bool mayLack = use != Classes::kNeeded || source->hasSeveralLabels();
    if (labels.empty() && !mayLack) std::abort();
    if (labels.size() > 1 && !source->hasSeveralLabels()) std::abort();
    for (const int label : labels)
      if (label < 0 || label >= classes) std::abort();
    if (source->name(i).empty() || !isUtf8(source->name(i))) std::abort();
  }
}

template <class Read>
void expectPicturesOrError(const Read& read) {
  for (const Classes use : {Classes::kShown, Classes::kNeeded}) try {
      check(read(SourceOptions{2, use, {}}), use);
    } catch (const Error&) {
    }
}

template <class Read>
void expectPairsOrError(const Read& read) {
  try {
    const PictureFiles files = read();
    if (files.pictures.size() == 0 || files.pictures.size() != files.masks.size()) std::abort();
    for (int64_t i = 0; i < files.masks.size(); ++i)
      if (files.masks.name(i).empty() || !isUtf8(files.masks.name(i))) std::abort();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expectPicturesOrError([&](const SourceOptions& options) { return readTextList(text, "l.csv", options); });
  expectPicturesOrError([&](const SourceOptions& options) { return readTextList(text, "l.txt", options); });
  expectPairsOrError([&] { return readPairTable(text, "l.csv", "/no/such/folder", {}); });
  expectPairsOrError([&] { return readVocList(text, "l.txt", "/no/such/folder", {}); });
  expectPicturesOrError([&](const SourceOptions& options) {
    std::string_view rest = text;
    const auto next = [&] {
      const std::string_view piece = rest.substr(0, 1 + rest.size() / 2);
      rest.remove_prefix(piece.size());
      return piece;
    };
    return readJsonList(next, "l.json", options);
  });
  return 0;
}
