// Any text as a configuration file and as JSON: an error or settings, nothing else; and settings survive
// writing and reading.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace {

using namespace cv::mixmim;

template <class Read>
void expectRoundTrip(const Read& read) {
  try {
    const Config config = read();
    const std::string json = toJson(config);
    if (toJson(fromJson(json)) != json) std::abort();
    if (toJson(resolve(config.run.task, parseConfig(toIni(config), "written"))) != json) std::abort();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  expectRoundTrip([&] { return resolve(Task::kPretrain, parseConfig(text, "fuzz")); });
  expectRoundTrip([&] { return fromJson(text); });
  return 0;
}
