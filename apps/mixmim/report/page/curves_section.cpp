#include "report/page/chart.hpp"
#include "report/page/html.hpp"
#include "report/page/sections.hpp"

namespace cv::mixmim::report {

namespace {

struct Quantity {
  const char *curve, *name;
};

struct Figure {
  ChartOptions options;
  std::vector<Quantity> quantities;  // the second is dashed
};

const std::vector<Figure>& figures() {
  static const std::vector<Figure> list{
      {{"Loss", "", 1, true}, {{"loss", "training"}, {"val_loss", "validation"}}},
      {{"Accuracy", "%", 100}, {{"val_top1", "top-1"}, {"val_top5", "top-5"}}},
      {{"Several labels", "%", 100}, {{"val_map", "mAP"}, {"val_f1", "F1"}}},
      {{"Learning rate", ""}, {{"lr", "rate"}}},
      {{"Gradient norm", "before clipping", 1, true}, {{"grad_norm", "norm"}}},
      {{"Speed", "images/s"}, {{"images_per_second", "speed"}}},
      {{"Waiting for data", "% of the time"}, {{"data_wait_percent", "waiting"}}},
  };
  return list;
}

/// With one run the colour tells two quantities apart, with several it tells the runs apart.
std::string drawn(const Runs& runs, const Figure& figure) {
  const bool alone = runs.size() == 1, one = figure.quantities.size() == 1;
  std::vector<Series> series;
  for (size_t i = 0; i < runs.size(); ++i)
    for (size_t q = 0; q < figure.quantities.size(); ++q) {
      const auto& [curve, quantity] = figure.quantities[q];
      const std::string name = alone ? quantity : one ? runs[i].name : runs[i].name + ", " + quantity;
      series.push_back({name, runs[i].metrics.curve(curve), static_cast<int>(alone ? q : i), q > 0});
    }
  return chart(figure.options, std::move(series));
}

}  // namespace

std::string curves(const Runs& runs) {
  std::string charts;
  for (const Figure& figure : figures()) charts += drawn(runs, figure);
  if (charts.empty()) return {};
  return section("curves", "Curves", "<div class=\"charts\">\n" + charts + "</div>\n");
}

}  // namespace cv::mixmim::report
