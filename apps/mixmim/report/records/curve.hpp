// A curve of any length in little memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cv::mixmim::report {

struct Point {
  double x = 0, y = 0;
};

/// Keeps of every stretch of neighbouring points the first, the lowest, the highest and the last; the
/// stretches grow with the curve, so there are never more than kMost of them and an excursion of a single
/// point is never lost. A curve of at most kMost points is kept as it is.
class Curve {
 public:
  static constexpr size_t kMost = 800;  // a chart is about half as many pixels wide

  void add(Point point);

  bool empty() const { return count_ == 0; }
  int64_t count() const { return count_; }  ///< points added
  Point last() const { return last_; }
  double lowest() const { return lowest_; }  ///< y; of all points, as long as there is one
  double highest() const { return highest_; }

  /// At most 4 * kMost, in the order they were added.
  std::vector<Point> points() const;
  /// Whether points() are only some of them.
  bool thinned() const { return perStretch_ > 1; }
  /// The mean of every stretch.
  std::vector<Point> means() const;

 private:
  struct Stretch {
    Point first, lowest, highest, last;
    Point sum;
    double count = 1;
    bool lowestIsFirst = true;  // the lowest was added before the highest

    void append(const Stretch& next);
  };

  void halve();

  std::vector<Stretch> stretches_;
  int64_t count_ = 0, perStretch_ = 1;
  Point last_;
  double lowest_ = 0, highest_ = 0;
};

}  // namespace cv::mixmim::report
