// Any bytes as the files of a run folder, one after the other and divided by lines of "----": an error or a
// page, nothing else; and no tag of theirs gets into the page.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "opencv2/mixmim/error.hpp"
#include "report/page/page.hpp"

namespace {

using namespace cv::mixmim;

std::vector<std::string> partsOf(const std::string& text) {
  const std::string divider = "----\n";
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t end; (end = text.find(divider, start)) != std::string::npos; start = end + divider.size())
    parts.push_back(text.substr(start, end - start));
  parts.push_back(text.substr(start));
  return parts;
}

template <class Read>
void attempt(const Read& read) {
  try {
    read();
  } catch (const Error&) {
  }
}

/// Tags of the page itself are in lower case and none of these.
void refuseForeignTags(const std::string& page) {
  for (const char* tag : {"<script", "<iframe", "<object", "<embed", "<link rel=\"s", "<Z"})
    if (page.find(tag) != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> parts = partsOf(std::string(reinterpret_cast<const char*>(data), size));
  parts.resize(5);
  report::RunRecord run;
  run.folder = run.name = "run";
  std::istringstream metrics(parts[0]), bad(parts[4]);
  run.metrics = report::readMetrics(metrics);
  attempt([&] { run.evaluation = report::parseEvaluation(parts[1], "evaluation"); });
  attempt([&] { run.machine = report::parseMachine(parts[2], "machine"); });
  attempt([&] {
    run.settings = parseConfig(parts[3], "config");
    run.config = resolve(Task::kFinetune, run.settings);
  });
  run.badFiles = report::readBadFiles(bad);
  for (const size_t count : {1, 2}) {
    std::vector<report::RunRecord> runs(count, run);
    refuseForeignTags(report::page(runs));
  }
  return 0;
}
