#include <algorithm>

#include <fmt/format.h>

#include "report/page/html.hpp"
#include "report/page/sections.hpp"

namespace cv::mixmim::report {

namespace {

constexpr size_t kMostInMatrix = 40;

std::string cell(const EvaluationRecord& record, int label, int answer) {
  const int64_t count = record.count(label, answer), all = record.imagesOf(label);
  if (count == 0) return "<td></td>";
  const double share = static_cast<double>(count) / static_cast<double>(all);
  return fmt::format("<td class=\"{}\" style=\"--share:{:.2f}\" title=\"{} taken for {}: {} of {}\">{}</td>",
                     label == answer ? "right" : "wrong", share,
                     escaped(record.labels[static_cast<size_t>(label)], 60),
                     escaped(record.labels[static_cast<size_t>(answer)], 60), count, all, count);
}

std::string shareText(const EvaluationRecord& record, int label) {
  const int64_t all = record.imagesOf(label);
  if (all == 0) return {};
  return fmt::format("{:.0f} %",
                     100.0 * static_cast<double>(record.count(label, label)) / static_cast<double>(all));
}

std::string matrix(const EvaluationRecord& record) {
  const int classes = static_cast<int>(record.labels.size());
  std::string head = "<tr><th scope=\"col\">true class</th>", body;
  for (const std::string& label : record.labels)
    head += fmt::format("<th scope=\"col\" class=\"turned\"><span>{}</span></th>", escaped(label, 30));
  for (int label = 0; label < classes; ++label) {
    body +=
        fmt::format("<tr><th scope=\"row\">{}</th>", escaped(record.labels[static_cast<size_t>(label)], 30));
    for (int answer = 0; answer < classes; ++answer) body += cell(record, label, answer);
    body += fmt::format("<td class=\"share\">{}</td></tr>\n", shareText(record, label));
  }
  return fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Confusion matrix\"><table "
      "class=\"matrix\">\n"
      "<thead>{}<th scope=\"col\" class=\"turned\"><span>right</span></th></tr></thead>\n<tbody>{}</tbody>"
      "</table></div>\n",
      head, body);
}

/// The pairs of classes that are confused most often.
std::string confusions(const EvaluationRecord& record) {
  constexpr size_t kShown = 12;
  std::vector<std::pair<int64_t, std::pair<int, int>>> wrong;
  for (const auto& [classes, count] : record.confusion)
    if (classes.first != classes.second && count > 0) wrong.emplace_back(-count, classes);
  if (wrong.empty()) return {};
  std::sort(wrong.begin(), wrong.end());
  if (wrong.size() > kShown) wrong.resize(kShown);
  std::string rows;
  for (const auto& [count, classes] : wrong)
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{} of {}</td></tr>\n",
                        escaped(record.labels[static_cast<size_t>(classes.first)], 60),
                        escaped(record.labels[static_cast<size_t>(classes.second)], 60), -count,
                        record.imagesOf(classes.first));
  return "<div class=\"wide\"><table class=\"numbers\"><thead><tr><th scope=\"col\">true class</th><th "
         "scope=\"col\">taken for</th><th scope=\"col\">pictures</th></tr></thead>\n<tbody>" +
         rows + "</tbody></table></div>\n";
}

/// Pictures with several labels: a row for each of them, the weakest first.
std::string labelTable(const EvaluationRecord& record) {
  constexpr size_t kShown = 200;
  std::vector<size_t> order;
  for (size_t i = 0; i < record.labels.size(); ++i)
    if (record.perLabel[i].images > 0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return record.perLabel[a].ap < record.perLabel[b].ap; });
  if (order.size() > kShown) order.resize(kShown);
  std::string rows;
  for (const size_t i : order) {
    const LabelNumbers& numbers = record.perLabel[i];
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        escaped(record.labels[i], 60), numbers.images, percentText(numbers.ap),
                        percentText(numbers.precision), percentText(numbers.recall), percentText(numbers.f1));
  }
  return "<div class=\"wide\"><table class=\"numbers\"><thead><tr><th scope=\"col\">label</th><th "
         "scope=\"col\">pictures</th><th scope=\"col\">AP</th><th scope=\"col\">precision</th><th "
         "scope=\"col\">recall</th><th scope=\"col\">F1</th></tr></thead>\n<tbody>" +
         rows + "</tbody></table></div>\n";
}

std::string evaluationOfLabels(const EvaluationRecord& record) {
  return fmt::format(
             "<p>{} pictures of {}, after step {}: mAP <b>{}</b>, F1 {}, all labels right {}. The weakest "
             "label stands first.</p>\n",
             record.images, escaped(record.data), record.step, percentText(record.map),
             percentText(record.f1), percentText(record.exact)) +
         labelTable(record);
}

std::string evaluationOf(const EvaluationRecord& record) {
  if (!record.perLabel.empty()) return evaluationOfLabels(record);
  std::string html = fmt::format(
      "<p>{} pictures of {}, after step {}: top-1 <b>{}</b>, top-5 {}. A row is a true class, "
      "a column an answer.</p>\n",
      record.images, escaped(record.data), record.step, percentText(record.top1), percentText(record.top5));
  if (record.labels.size() > kMostInMatrix) return html + confusions(record);
  return html + "<div class=\"beside\">\n" + matrix(record) + confusions(record) + "</div>\n";
}

}  // namespace

std::string accuracyByClass(const Runs& runs) {
  std::string html;
  for (size_t i = 0; i < runs.size(); ++i)
    if (runs[i].evaluation) html += runHeading(runs, i) + evaluationOf(*runs[i].evaluation);
  return section("classes", "Answers by class", html);
}

}  // namespace cv::mixmim::report
