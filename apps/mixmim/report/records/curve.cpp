#include "report/records/curve.hpp"

#include <algorithm>

namespace cv::mixmim::report {

void Curve::Stretch::append(const Stretch& next) {
  const bool lower = next.lowest.y<lowest.y, higher = next.highest.y> highest.y;
  if (lower && higher)
    lowestIsFirst = next.lowestIsFirst;
  else if (lower || higher)
    lowestIsFirst = higher;
  if (lower) lowest = next.lowest;
  if (higher) highest = next.highest;
  last = next.last;
  sum = {sum.x + next.sum.x, sum.y + next.sum.y};
  count += next.count;
}

void Curve::halve() {
  for (size_t i = 0; i < stretches_.size() / 2; ++i) {
    Stretch& merged = stretches_[i];
    merged = stretches_[2 * i];
    merged.append(stretches_[2 * i + 1]);
  }
  stretches_.resize(stretches_.size() / 2);
  perStretch_ *= 2;
}

void Curve::add(Point point) {
  lowest_ = empty() ? point.y : std::min(lowest_, point.y);
  highest_ = empty() ? point.y : std::max(highest_, point.y);
  last_ = point;
  const Stretch single{point, point, point, point, point};
  if (count_ == static_cast<int64_t>(kMost) * perStretch_) halve();
  if (count_ % perStretch_ == 0)
    stretches_.push_back(single);
  else
    stretches_.back().append(single);
  ++count_;
}

std::vector<Point> Curve::points() const {
  std::vector<Point> points;
  const auto append = [&](Point point) {
    if (points.empty() || points.back().x != point.x || points.back().y != point.y) points.push_back(point);
  };
  for (const Stretch& stretch : stretches_) {
    append(stretch.first);
    append(stretch.lowestIsFirst ? stretch.lowest : stretch.highest);
    append(stretch.lowestIsFirst ? stretch.highest : stretch.lowest);
    append(stretch.last);
  }
  return points;
}

std::vector<Point> Curve::means() const {
  std::vector<Point> means;
  for (const Stretch& stretch : stretches_)
    means.push_back({stretch.sum.x / stretch.count, stretch.sum.y / stretch.count});
  return means;
}

}  // namespace cv::mixmim::report
