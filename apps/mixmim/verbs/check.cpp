#include <boost/json.hpp>
#include <iostream>

#include <fmt/format.h>

#include "data_pipeline/image_check.hpp"
#include "opencv2/mixmim/json.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/progress.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

boost::json::object toJson(const Omissions& omissions) {
  boost::json::object kinds;
  for (const Omissions::Kind& kind : omissions.list()) {
    boost::json::object names;
    for (const auto& [name, count] : kind.names) names[name] = count;
    kinds[kind.key] = {{"count", kind.count}, {"names", names}};
  }
  return kinds;
}

boost::json::object toJson(const ImageCheck& check, const Source& source) {
  boost::json::object formats, classes;
  boost::json::array bad;
  for (const auto& [format, count] : check.formats) formats[format] = count;
  for (const BadImage& image : check.bad)
    bad.push_back({{"path", image.path}, {"offset", image.offset}, {"reason", image.reason}});
  for (const auto& [label, count] : check.perClass)
    if (label >= 0) classes[source.labels()[static_cast<size_t>(label)]] = count;
  return {{"images", source.size()},
          {"classes", source.labels().size()},
          {"per_class", classes},
          {"formats", formats},
          {"passed_over", toJson(source.omissions())},
          {"warnings", boost::json::value_from(source.warnings())},
          {"bad", bad}};
}

void print(const ImageCheck& check, const Source& source) {
  std::cout << fmt::format("{} images, {} classes\n", source.size(), source.labels().size());
  for (const auto& [format, count] : check.formats)
    std::cout << fmt::format("  {:<8} {:>9}\n", format, count);
  const std::vector<std::string>& classes = source.labels();
  for (const auto& [label, count] : check.perClass)
    if (!classes.empty())
      std::cout << fmt::format("  {:<24} {:>9}\n",
                               label < 0 ? "(no class)" : classes[static_cast<size_t>(label)], count);
  if (const std::string omissions = source.omissions().text(); !omissions.empty())
    std::cout << fmt::format("passed over: {}\n", omissions);
  for (const std::string& warning : source.warnings()) std::cout << fmt::format("warning: {}\n", warning);
  std::cout << fmt::format("{} bad\n", check.bad.size());
  for (const BadImage& image : check.bad)
    std::cout << fmt::format("  {}: {}\n", placeText(image.path, image.offset), image.reason);
}

CommandLine commandLine(const Arguments&) {
  CommandLine line(
      "check", "Reads every image of a data set, header and body, and lists the bad ones. Changes nothing.",
      "--data SRC [--json] [--threads N]", "mixmim check --data photos/train");
  line.flag("json", "Print the result as one JSON object.")
      .settings(Task::kPretrain, {"data.train", "data.root", "run.threads"});
  return line;
}

int run(const CommandLine& line) {
  const Config config = line.config();
  if (config.data.train.empty())
    throw UsageError("mixmim check: --data is needed; `mixmim check --help` explains it");
  catchInterrupts();
  const auto source = openSource(config.data.train, {0, Classes::kShown, config.data.root});
  Progress progress("check", source->size());
  const auto seen = [&](int64_t done) {
    progress.count(done, "images");
    return interruptSignal() == 0;
  };
  const ImageCheck check = checkImages(*source, config.run.threads, seen);
  progress.end();
  if (interruptSignal() != 0) return interruptExitCode();
  if (line.has("json"))
    std::cout << jsonText(toJson(check, *source)) << '\n';
  else
    print(check, *source);
  return check.bad.empty() ? kDone : kFindings;
}

}  // namespace

Verb checkVerb() {
  return {"check", "read every image of a data set and list the bad ones", commandLine, run};
}

}  // namespace cv::mixmim
