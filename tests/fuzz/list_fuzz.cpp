// Any bytes as a list of pictures, as text, table and JSON: pictures with names and with classes that are
// there, or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "sources/lists/json_list.hpp"
#include "sources/lists/text_list.hpp"

namespace {

using namespace cv::mixmim;

void check(const PictureFiles& files, Classes use) {
  const auto classes = static_cast<int>(files.classes.size());
  const int lowest = use == Classes::kNeeded ? 0 : -1;
  if (files.pictures.size() == 0) std::abort();
  for (int64_t i = 0; i < files.pictures.size(); ++i) {
    const int label = files.pictures.label(i);
    if (label < lowest || label >= classes) std::abort();
    if (files.pictures.name(i).empty() || !isUtf8(files.pictures.name(i))) std::abort();
  }
}

template <class Read>
void expectPicturesOrError(const Read& read) {
  for (const Classes use : {Classes::kShown, Classes::kNeeded}) try {
      check(read(SourceOptions{2, use, {}}), use);
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expectPicturesOrError([&](const SourceOptions& options) { return readTextList(text, "l.csv", options); });
  expectPicturesOrError([&](const SourceOptions& options) { return readTextList(text, "l.txt", options); });
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
