#include <fmt/format.h>

#include "opencv2/mixmim/text.hpp"
#include "report/page/html.hpp"
#include "report/page/sections.hpp"
#include "report/records/task_words.hpp"

namespace cv::mixmim::report {

namespace {

std::string lastOf(const RunRecord& run, const char* name) {
  const Curve* curve = run.metrics.curve(name);
  return curve ? numberText(curve->last().y) : "";
}

std::string taskOf(const RunRecord& run) {
  return wordsOf(run.config.run.task).noun;
}

std::string modelOf(const RunRecord& run) {
  const ModelConfig& model = run.config.model;
  return fmt::format("{}, {} px", escaped(model.name), sizeText(model.imageSize));
}

std::string progressOf(const RunRecord& run) {
  const std::string epochs = fmt::format("{:.4g} of {:.4g}", run.metrics.epoch, run.config.optim.epochs);
  return run.finished() ? epochs : epochs + " <em>unfinished</em>";
}

std::string bestOf(const RunRecord& run, const char* curve) {
  return run.best(curve) < 0 ? "" : percentText(run.best(curve));
}

struct Fact {
  const char* name;
  std::string (*text)(const RunRecord&);
};

constexpr Fact kFacts[] = {
    {"task", taskOf},
    {"model", modelOf},
    {"epochs", progressOf},
    {"steps", [](const RunRecord& run) { return fmt::format("{:.0f}", run.metrics.step); }},
    {"best top-1", [](const RunRecord& run) { return bestOf(run, "val_top1"); }},
    {"best mAP", [](const RunRecord& run) { return bestOf(run, "val_map"); }},
    {"last loss", [](const RunRecord& run) { return lastOf(run, "loss"); }},
    {"images/s", [](const RunRecord& run) { return lastOf(run, "images_per_second"); }},
    {"bad files",
     [](const RunRecord& run) { return run.badFiles.count ? std::to_string(run.badFiles.count) : ""; }},
};

std::string tiles(const RunRecord& run) {
  std::string html = "<dl class=\"tiles\">\n";
  for (const Fact& fact : kFacts)
    if (const std::string text = fact.text(run); !text.empty())
      html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", fact.name, text);
  return html + "</dl>\n";
}

std::string table(const Runs& runs) {
  std::string head, body;
  for (const Fact& fact : kFacts) head += fmt::format("<th scope=\"col\">{}</th>", fact.name);
  for (size_t i = 0; i < runs.size(); ++i) {
    body += fmt::format("<tr><th scope=\"row\"><span class=\"swatch s{}\"></span>{}</th>", i,
                        escaped(runs[i].name, 60));
    for (const Fact& fact : kFacts) body += fmt::format("<td>{}</td>", fact.text(runs[i]));
    body += "</tr>\n";
  }
  return fmt::format(
      "<div class=\"wide\"><table class=\"numbers\"><thead><tr><th scope=\"col\">run</th>{}</tr></thead>\n"
      "<tbody>{}</tbody></table></div>\n",
      head, body);
}

}  // namespace

std::string overview(const Runs& runs) {
  return runs.size() == 1 ? tiles(runs.front()) : table(runs);
}

}  // namespace cv::mixmim::report
