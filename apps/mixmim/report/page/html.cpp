#include "report/page/html.hpp"

#include <cmath>

#include <fmt/format.h>

#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim::report {

std::string escaped(std::string_view given, size_t longest) {
  const std::string whole = asUtf8(given);  // names of files need not be
  std::string_view text = whole;
  const bool cut = text.size() > longest;
  if (cut) {
    text = text.substr(0, longest);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.remove_suffix(1);
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.remove_suffix(1);
  }
  std::string safe;
  for (const char c : text) switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= ' ' && c != '\x7f') safe += c;
        if (c == '\n' || c == '\t') safe += ' ';
    }
  return cut ? safe + "…" : safe;
}

std::string numberText(double number) {
  const double size = std::abs(number);
  if (size >= 1e6) return fmt::format("{:.3g}M", number / 1e6);
  if (size >= 1e4) return fmt::format("{:.3g}k", number / 1e3);
  if (size != 0 && size < 1e-3) return fmt::format("{:.3g}", number);
  return fmt::format("{:.4g}", number);
}

std::string percentText(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string section(const std::string& id, const std::string& title, const std::string& content) {
  if (content.empty()) return {};
  return fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n", id, title,
                     content);
}

std::string row(const std::string& head, const std::string& cell) {
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", head, cell);
}

}  // namespace cv::mixmim::report
