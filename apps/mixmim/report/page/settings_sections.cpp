#include <algorithm>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "report/page/html.hpp"
#include "report/page/sections.hpp"
#include "report/records/task_words.hpp"

namespace cv::mixmim::report {

namespace {

/// "key" -> value of a config; pairs in the order of the list of options.
std::vector<std::pair<std::string, std::string>> valuesOf(Config config) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Option& option : options(config)) values.emplace_back(option.name, option.get());
  return values;
}

/// The settings of a run for which only the model was named.
Config defaultsOf(const RunRecord& run) {
  try {
    return resolve(run.config.run.task, {{"model.name", run.config.model.name, ""}});
  } catch (const Error&) {
    return resolve(run.config.run.task, {});
  }
}

std::string table(const std::string& head, const std::string& rows) {
  return fmt::format("<div class=\"wide\"><table class=\"settings\">{}<tbody>\n{}</tbody></table></div>\n",
                     head, rows);
}

std::string folded(const std::string& title, const std::string& content) {
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", title, content);
}

std::string changed(const RunRecord& run) {
  const auto now = valuesOf(run.config), before = valuesOf(defaultsOf(run));
  std::string rows;
  for (size_t i = 0; i < now.size(); ++i)
    if (now[i].second != before[i].second && now[i].first != "run.task")
      rows += row(escaped(now[i].first), escaped(now[i].second));
  if (rows.empty()) return "<p>All settings are the defaults of the task.</p>\n";
  return "<p>What differs from the defaults of the task and the model:</p>\n" + table("", rows);
}

std::string differences(const Runs& runs) {
  std::vector<std::vector<std::pair<std::string, std::string>>> columns;
  for (const RunRecord& run : runs) columns.push_back(valuesOf(run.config));
  std::string rows, head = "<thead><tr><th scope=\"col\">setting</th>";
  for (const RunRecord& run : runs) head += fmt::format("<th scope=\"col\">{}</th>", escaped(run.name, 60));
  for (size_t i = 0; i < columns.front().size(); ++i) {
    const auto same = [&](const auto& column) { return column[i] == columns.front()[i]; };
    if (std::all_of(columns.begin(), columns.end(), same)) continue;
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", escaped(columns.front()[i].first));
    for (const auto& column : columns) rows += fmt::format("<td>{}</td>", escaped(column[i].second));
    rows += "</tr>\n";
  }
  if (rows.empty()) return "<p>The settings are the same.</p>\n";
  return "<p>Settings that differ:</p>\n" + table(head + "</tr></thead>", rows);
}

std::string all(const RunRecord& run) {
  constexpr size_t kMost = 500;
  std::string rows;
  for (size_t i = 0; i < std::min(kMost, run.settings.size()); ++i)
    rows += row(escaped(run.settings[i].key), escaped(run.settings[i].value));
  if (rows.empty()) return {};
  return folded(fmt::format("All settings of {}", escaped(run.name, 60)), table("", rows));
}

/// A word as a shell takes it back.
std::string quoted(const std::string& word) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:,@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

std::string again(const RunRecord& run) {
  return fmt::format("mixmim {} --config {} --out {}", wordsOf(run.config.run.task).verb,
                     quoted(run.folder + "/config.ini"), quoted(run.folder + "-again"));
}

/// A long command over several lines, as a shell takes it back: each begins with an option.
std::string codeBlock(const std::string& command) {
  constexpr size_t kWide = 96, kLongest = 8000;
  std::string html = "<pre tabindex=\"0\"><code>", line;
  bool inQuotes = false;
  for (size_t i = 0; i < std::min(kLongest, command.size()); ++i) {
    inQuotes = inQuotes != (command[i] == '\'');
    const bool option = !inQuotes && command.compare(i, 3, " --") == 0;
    const size_t end = option ? std::min(command.find(" --", i + 1), command.size()) : 0;
    if (option && line.size() + (end - i) > kWide) {
      html += escaped(line, kLongest) + " \\\n ";
      line.clear();
    }
    line += command[i];
  }
  return html + escaped(line, kLongest) + "</code></pre>\n";
}

std::string howItWasMade(const RunRecord& run) {
  std::string html = "<p>The same settings again:</p>\n" + codeBlock(again(run));
  if (!run.machine) return html;
  const MachineRecord& machine = *run.machine;
  if (!machine.commands.empty()) {
    html += fmt::format(
        "<p>As it was called{}:</p>\n",
        machine.folder.empty() ? "" : fmt::format(" in <code>{}</code>", escaped(machine.folder)));
    for (const std::string& command : machine.commands) html += codeBlock(command);
  }
  std::string rows;
  for (const auto& [name, value] : machine.facts) rows += row(escaped(name), escaped(value));
  return rows.empty() ? html : html + folded("Machine and versions", table("", rows));
}

}  // namespace

std::string badFiles(const Runs& runs) {
  std::string html;
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunRecord& run = runs[i];
    if (run.badFiles.count == 0) continue;
    std::string rows;
    for (const BadFile& file : run.badFiles.first) rows += row(escaped(file.place), escaped(file.reason));
    const int64_t more = run.badFiles.count - static_cast<int64_t>(run.badFiles.first.size());
    html += runHeading(runs, i) + folded(fmt::format("{} files", run.badFiles.count), table("", rows));
    if (more > 0) html += fmt::format("<p>And {} more, in bad_images.jsonl.</p>\n", more);
  }
  return section("bad-files", "Files that could not be used", html);
}

std::string settings(const Runs& runs) {
  std::string html = runs.size() == 1 ? changed(runs.front()) : differences(runs);
  for (const RunRecord& run : runs) html += all(run);
  return section("settings", "Settings", html);
}

std::string reproduction(const Runs& runs) {
  std::string html;
  for (size_t i = 0; i < runs.size(); ++i) html += runHeading(runs, i) + howItWasMade(runs[i]);
  return section("reproduction", "How it was made", html);
}

}  // namespace cv::mixmim::report
