#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "report/page/embedded_picture.hpp"
#include "report/page/html.hpp"
#include "report/page/sections.hpp"

namespace cv::mixmim::report {

namespace {

std::string image(const EmbeddedPicture& picture, const std::string& alt) {
  return fmt::format("<img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\">", picture.uri,
                     picture.size.width, picture.size.height, alt);
}

/// `count` of them, evenly spread, the first and the last among them.
std::vector<Sheet> someOf(const std::vector<Sheet>& all, size_t count) {
  if (all.size() <= count) return all;
  std::vector<Sheet> chosen;
  for (size_t i = 0; i < count; ++i)
    chosen.push_back(all[count == 1 ? all.size() - 1 : i * (all.size() - 1) / (count - 1)]);
  return chosen;
}

std::string sheetsOf(RunRecord& run, size_t count) {
  constexpr int kWidest = 1144;
  std::string html;
  for (const Sheet& sheet : someOf(run.sheets, count)) try {
      html += fmt::format(
          "<figure>{}<figcaption>after step {}</figcaption></figure>\n",
          image(embedPicture(sheet.path, kWidest),
                fmt::format("After step {}, from left to right: image A, image B, their mixture, and both as "
                            "reconstructed from it",
                            sheet.step)),
          sheet.step);
    } catch (const Error& e) {
      run.notes.emplace_back(e.what());
    }
  return html.empty() ? html : "<div class=\"sheets\">\n" + html + "</div>\n";
}

std::string answered(RunRecord& run, const AnsweredPicture& picture) {
  constexpr int kWidest = 128;
  const std::string path = run.folder + "/evaluation/" + picture.file;
  try {
    const std::string label = escaped(picture.label, 60), answer = escaped(picture.answer, 60);
    return fmt::format(
        "<figure title=\"{0}\">{1}<figcaption><b>{2}</b><br>taken for {3}<br><span>{4:.0f} %, "
        "{5:.0f} %</span></figcaption></figure>\n",
        escaped(picture.name),
        image(embedPicture(path, kWidest), fmt::format("A picture of {}, taken for {}", label, answer)),
        label, answer, 100 * picture.probability, 100 * picture.labelProbability);
  } catch (const Error& e) {
    run.notes.emplace_back(e.what());
    return {};
  }
}

std::string gallery(RunRecord& run, const std::string& sentence,
                    const std::vector<AnsweredPicture>& pictures) {
  std::string html;
  for (const AnsweredPicture& picture : pictures) html += answered(run, picture);
  if (html.empty()) return html;
  return fmt::format("<p>{}</p>\n<div class=\"gallery\">\n{}</div>\n", sentence, html);
}

}  // namespace

std::string reconstructions(Runs& runs) {
  const size_t each = runs.size() == 1 ? 4 : 1;
  std::string html;
  for (size_t i = 0; i < runs.size(); ++i)
    if (const std::string sheets = sheetsOf(runs[i], each); !sheets.empty())
      html += runHeading(runs, i) + sheets;
  if (html.empty()) return html;
  // The words in the pictures are too small to be read on a phone.
  const std::string columns =
      "<p>From left to right: image A, image B, their mixture, and both as reconstructed from it.</p>\n";
  return section("reconstructions", "Reconstructions", columns + html);
}

std::string mistakes(Runs& runs) {
  std::string html;
  for (size_t i = 0; i < runs.size(); ++i) {
    RunRecord& run = runs[i];
    if (!run.evaluation) continue;
    const std::string pictures =
        gallery(
            run,
            "The most confident wrong answers. In bold the true class; the numbers are the probability of "
            "the answer, then that of the true class.",
            run.evaluation->confident) +
        gallery(run, "The hardest of the others: the true class got the least probability.",
                run.evaluation->hardest);
    if (!pictures.empty()) html += runHeading(runs, i) + pictures;
  }
  return section("mistakes", "Mistakes", html);
}

}  // namespace cv::mixmim::report
