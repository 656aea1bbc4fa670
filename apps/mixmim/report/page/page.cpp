#include "report/page/page.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "report/page/html.hpp"
#include "report/page/page_style.hpp"
#include "report/page/sections.hpp"

namespace cv::mixmim::report {

namespace {

/// The content security policy allows only what is inside the page, because a run folder may hold anything.
constexpr const char* kFrame = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{heading}</h1>
<p>{subtitle}</p>
</header>
<main>
{content}</main>
<footer>Made by <code>mixmim report</code>. This page is one file and needs no network.</footer>
</body>
</html>
)html";

std::string namesOf(const Runs& runs) {
  std::string names;
  for (size_t i = 0; i < runs.size(); ++i)
    names += (i == 0 ? "" : i + 1 == runs.size() ? " and " : ", ") + escaped(runs[i].name, 60);
  return names;
}

std::string foldersOf(const Runs& runs) {
  std::string folders;
  for (const RunRecord& run : runs)
    folders += fmt::format("{}<code>{}</code>", folders.empty() ? "" : " ", escaped(run.folder));
  return folders;
}

/// Runs of one name are told apart by their folders.
void nameApart(Runs& runs) {
  std::map<std::string, int> uses;
  for (const RunRecord& run : runs) ++uses[run.name];
  for (RunRecord& run : runs)
    if (uses[run.name] > 1) run.name = run.folder;
}

}  // namespace

std::string runHeading(const Runs& runs, size_t index) {
  if (runs.size() == 1) return {};
  return fmt::format("<h3><span class=\"swatch s{}\"></span>{}</h3>\n", index, escaped(runs[index].name, 60));
}

std::string notes(const Runs& runs) {
  constexpr size_t kShown = 20;
  std::string items;
  for (const RunRecord& run : runs) {
    for (size_t i = 0; i < std::min(kShown, run.notes.size()); ++i)
      items += fmt::format("<li>{}</li>\n", escaped(run.notes[i]));
    if (run.notes.size() > kShown) items += fmt::format("<li>and {} more</li>\n", run.notes.size() - kShown);
  }
  if (items.empty()) return {};
  return "<aside class=\"notes\" aria-label=\"Notes\"><p>Some of what the run left could not be "
         "used:</p>\n<ul>\n" +
         items + "</ul></aside>\n";
}

std::string page(Runs& runs) {
  nameApart(runs);
  // Made before the notes, because these name the pictures found damaged here.
  const std::string sheets = reconstructions(runs), pictures = mistakes(runs);
  const std::string content = notes(runs) + overview(runs) + curves(runs) + sheets + accuracyByClass(runs) +
                              pictures + badFiles(runs) + settings(runs) + reproduction(runs);
  const std::string names = namesOf(runs);
  return fmt::format(kFrame, fmt::arg("title", names + " - MixMIM report"), fmt::arg("style", kPageStyle),
                     fmt::arg("heading", names), fmt::arg("subtitle", foldersOf(runs)),
                     fmt::arg("content", content));
}

}  // namespace cv::mixmim::report
