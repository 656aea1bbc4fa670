#include "report/page/chart.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/page/axis.hpp"
#include "report/page/html.hpp"

namespace cv::mixmim::report {

namespace {

constexpr double kWidth = 400, kHeight = 210;                       // of the picture, in its own pixels
constexpr double kLeft = 48, kRight = 12, kTop = 10, kBottom = 40;  // around the plot
constexpr double kPlotWidth = kWidth - kLeft - kRight, kPlotHeight = kHeight - kTop - kBottom;

struct Line {
  Series series;
  std::vector<Point> points, means;  // no means where the points are all there are
};

class Plot {
 public:
  Plot(const std::vector<Line>& lines, bool mayBeSteep) : x_(xAxis(lines)), y_(yAxis(lines, mayBeSteep)) {}

  double x(double step) const { return kLeft + x_.place(step) * kPlotWidth; }
  double y(double value) const { return kTop + (1 - y_.place(value)) * kPlotHeight; }

  std::string axes() const {
    std::string svg;
    for (const Axis::Tick& tick : y_.ticks()) {
      const double at = y(tick.value);
      svg += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", kLeft, at, kWidth - kRight);
      svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", kLeft - 6, at + 4,
                         tick.text);
    }
    for (const Axis::Tick& tick : x_.ticks())
      svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x(tick.value),
                         kHeight - kBottom + 16, tick.text);
    return svg +
           fmt::format("<text class=\"unit\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">step</text>\n",
                       kWidth - kRight, kHeight - 6);
  }

 private:
  template <class Value>
  static std::pair<double, double> range(const std::vector<Line>& lines, Value value) {
    double low = value(lines.front().points.front()), high = low;
    for (const Line& line : lines)
      for (const Point& point : line.points) {
        low = std::min(low, value(point));
        high = std::max(high, value(point));
      }
    return {low, high};
  }

  static Axis xAxis(const std::vector<Line>& lines) {
    const double last = range(lines, [](Point point) { return point.x; }).second;
    return Axis::between(0, std::max(1.0, last), 5);
  }

  /// Powers of ten where the highest point is a hundred times the median, because all else would look flat.
  static Axis yAxis(const std::vector<Line>& lines, bool mayBeSteep) {
    const auto value = [](Point point) { return point.y; };
    const auto [low, high] = range(lines, value);
    std::vector<double> all;
    for (const Line& line : lines)
      for (const Point& point : line.points) all.push_back(point.y);
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
    constexpr double kSteep = 100;
    const bool steep = mayBeSteep && low > 0 && high > kSteep * all[all.size() / 2];
    if (steep) return Axis::logarithmic(low, high);
    const bool nearZero = low >= 0 && low < 0.5 * high;
    return Axis::linear(nearZero ? 0 : low, high, 5);
  }

  Axis x_, y_;
};

std::string path(const std::vector<Point>& points, const Plot& plot, const std::string& look) {
  std::string corners;
  for (const Point& point : points)
    corners += fmt::format("{}{:.1f} {:.1f}", corners.empty() ? "M" : "L", plot.x(point.x), plot.y(point.y));
  return fmt::format("<path class=\"line {}\" d=\"{}\"/>\n", look, corners);
}

/// A line of the chart; for a curve too long to be drawn point by point, its means in front of its whole
/// range.
std::string drawn(const Line& line, const Plot& plot) {
  const std::string look = fmt::format("s{}{}", line.series.colour, line.series.dashed ? " dashed" : "");
  if (!line.means.empty()) return path(line.points, plot, look + " faint") + path(line.means, plot, look);
  std::string svg = path(line.points, plot, look);
  constexpr size_t kMarked = 30;  // a single point, or few, would hardly be seen
  if (line.points.size() <= kMarked)
    for (const Point& point : line.points)
      svg += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>\n", look,
                         plot.x(point.x), plot.y(point.y));
  return svg;
}

/// Strips that show their title, the value of every line there, when the pointer rests on them.
std::string hints(const std::vector<Line>& lines, const Plot& plot, const std::string& unit) {
  constexpr int kStrips = 40;
  constexpr double kStrip = kPlotWidth / kStrips;
  std::string svg;
  for (int i = 0; i < kStrips; ++i) {
    const double middle = kLeft + (i + 0.5) * kStrip;
    std::string text;
    for (const Line& line : lines) {
      const auto distance = [&](Point point) { return std::abs(plot.x(point.x) - middle); };
      const auto nearest = *std::min_element(line.points.begin(), line.points.end(),
                                             [&](Point a, Point b) { return distance(a) < distance(b); });
      if (distance(nearest) > 2 * kStrip) continue;
      text +=
          fmt::format("{}step {:.0f}: {} {}{}", text.empty() ? "" : "\n", nearest.x,
                      escaped(line.series.name, 60), numberText(nearest.y), unit.empty() ? "" : " " + unit);
    }
    if (!text.empty())
      svg += fmt::format(
          "<rect class=\"hint\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
          "height=\"{:.1f}\"><title>{}</title></rect>\n",
          middle - kStrip / 2, kTop, kStrip, kPlotHeight, text);
  }
  return svg;
}

std::string legend(const std::vector<Line>& lines) {
  if (lines.size() < 2) return {};
  std::string html = "<p class=\"legend\">";
  for (const Line& line : lines)
    html += fmt::format(
        "<span class=\"s{}\"><svg viewBox=\"0 0 20 8\" aria-hidden=\"true\"><path class=\"line {}\" d=\"M1 "
        "4H19\"/></svg>{}</span>\n",
        line.series.colour, line.series.dashed ? "dashed" : "", escaped(line.series.name, 60));
  return html + "</p>\n";
}

/// The chart for those who cannot see it: where every line begins and ends, and its range.
std::string inWords(const std::string& title, const std::vector<Line>& lines) {
  std::string text = title + " over steps.";
  for (const Line& line : lines) {
    const auto [low, high] = std::minmax_element(line.points.begin(), line.points.end(),
                                                 [](Point a, Point b) { return a.y < b.y; });
    text += fmt::format(" {}: from {} to {}, between {} and {}.", escaped(line.series.name, 60),
                        numberText(line.points.front().y), numberText(line.points.back().y),
                        numberText(low->y), numberText(high->y));
  }
  return text;
}

}  // namespace

std::string chart(const ChartOptions& options, std::vector<Series> series) {
  std::vector<Line> lines;
  for (Series& each : series) {
    if (!each.curve || each.curve->empty()) continue;
    std::vector<Point> points = each.curve->points(), means;
    if (each.curve->thinned()) means = each.curve->means();
    for (std::vector<Point>* list : {&points, &means})
      for (Point& point : *list) point.y *= options.factor;
    lines.push_back({std::move(each), std::move(points), std::move(means)});
  }
  if (lines.empty()) return {};
  const Plot plot(lines, options.mayBeSteep);
  const std::string unit = options.unit.empty() ? "" : fmt::format(" <span>{}</span>", options.unit);
  std::string html =
      fmt::format("<figure class=\"chart\">\n<figcaption>{}{}</figcaption>\n", options.title, unit);
  html += fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kWidth, kHeight,
                      inWords(options.title, lines));
  html += plot.axes();
  for (const Line& line : lines) html += drawn(line, plot);
  return html + hints(lines, plot, options.unit) + "</svg>\n" + legend(lines) + "</figure>\n";
}

}  // namespace cv::mixmim::report
