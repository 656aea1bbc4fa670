#include "data_sets/shapes.hpp"

#include <cmath>
#include <functional>

#include <opencv2/imgproc.hpp>

#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

namespace {

constexpr double kPi = 3.14159265358979323846;
using Outline = std::vector<cv::Point2d>;  // in a circle of radius 1

/// Points on a curve given in polar coordinates.
Outline polar(int points, const std::function<double(double turn)>& radius, double turns = 1) {
  Outline outline;
  for (int i = 0; i < points; ++i) {
    const double turn = turns * i / points, r = radius(turn);
    outline.emplace_back(r * std::sin(2 * kPi * turn), -r * std::cos(2 * kPi * turn));
  }
  return outline;
}

Outline circle() {
  return polar(60, [](double) { return 0.85; });
}
Outline polygon(int corners) {
  return polar(corners, [](double) { return 1.0; });
}

Outline star() {
  Outline outline;
  for (int i = 0; i < 10; ++i) {
    const double radius = i % 2 ? 0.42 : 1.0, angle = kPi * i / 5;
    outline.emplace_back(radius * std::sin(angle), -radius * std::cos(angle));
  }
  return outline;
}

Outline cross() {
  constexpr double kArm = 0.3, kEnd = 0.92;
  return {{-kArm, -kEnd}, {kArm, -kEnd}, {kArm, -kArm}, {kEnd, -kArm}, {kEnd, kArm},   {kArm, kArm},
          {kArm, kEnd},   {-kArm, kEnd}, {-kArm, kArm}, {-kEnd, kArm}, {-kEnd, -kArm}, {-kArm, -kArm}};
}

Outline arrow() {
  return {{0, -1}, {0.75, -0.15}, {0.28, -0.15}, {0.28, 0.95}, {-0.28, 0.95}, {-0.28, -0.15}, {-0.75, -0.15}};
}

Outline crescent() {
  Outline outline = polar(50, [](double) { return 0.95; });
  for (int i = 0; i < 50; ++i) {  // the bite just touches the edge
    const double angle = 2 * kPi * i / 50;
    outline.emplace_back(0.34 + 0.6 * std::sin(angle), -0.6 * std::cos(angle));
  }
  return outline;
}

Outline heart() {
  Outline outline;
  for (int i = 0; i < 60; ++i) {
    const double t = 2 * kPi * i / 60, s = std::sin(t);
    outline.emplace_back(
        0.95 * s * s * s,
        -(13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t)) / 17);
  }
  return outline;
}

Outline ring() {
  Outline outline = polar(60, [](double) { return 0.95; });
  const Outline hole = polar(60, [](double) { return 0.5; });
  outline.insert(outline.end(), hole.begin(), hole.end());
  return outline;
}

Outline spiral() {
  constexpr double kTurns = 2.1, kWidth = 0.2;
  const auto arm = [](double turn) { return 0.08 + 0.82 * turn / kTurns; };
  Outline outline = polar(
      90, [&](double turn) { return arm(turn) + kWidth / 2; }, kTurns);
  const Outline back = polar(
      90, [&](double turn) { return std::max(0.0, arm(turn) - kWidth / 2); }, kTurns);
  outline.insert(outline.end(), back.rbegin(), back.rend());
  return outline;
}

/// The pattern printed on a surface, -1..1, in the shape's own coordinates (a circle of radius 1).
using Print = double (*)(double x, double y);

double wave(double turns) {
  return std::sin(2 * kPi * turns);
}

constexpr double kPeriod = 0.36;  // of a print: 7 to 10 pixels at 64
double plain(double, double) {
  return 0;
}
double stripes(double x, double) {
  return wave(x / kPeriod);
}
double bars(double, double y) {
  return wave(y / kPeriod);
}
double slants(double x, double y) {
  return wave((x + y) / (1.4 * kPeriod));
}
double checks(double x, double y) {
  return wave(x / (1.4 * kPeriod)) * wave(y / (1.4 * kPeriod));
}
double dots(double x, double y) {
  return std::max(0.0, wave((x + y) / (1.4 * kPeriod)) * wave((x - y) / (1.4 * kPeriod)));
}
double rings(double x, double y) {
  return wave(std::hypot(x, y) / kPeriod);
}
double rays(double x, double y) {
  return wave(std::atan2(y, x) / (2 * kPi) * 9);
}
double zigzag(double x, double y) {
  return wave((y + 0.5 * std::abs(std::fmod(x + 8 * kPeriod, kPeriod) - kPeriod / 2)) / kPeriod);
}
double net(double x, double y) {
  return std::max(stripes(x, y), bars(x, y));
}

struct Shape {
  const char* name;
  Outline outline;
  size_t split;  ///< where a second contour (a hole) begins, 0 = none
  Print print;   ///< of its surface: a class shows in outline and in texture, as things in photographs do
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{{"arrow", arrow(), 0, bars},        {"circle", circle(), 0, checks},
                                      {"crescent", crescent(), 50, dots}, {"cross", cross(), 0, slants},
                                      {"heart", heart(), 0, plain},       {"ring", ring(), 60, rays},
                                      {"spiral", spiral(), 0, rings},     {"square", polygon(4), 0, stripes},
                                      {"star", star(), 0, zigzag},        {"triangle", polygon(3), 0, net}};
  return all;
}

cv::Scalar randomColour(Rng& rng, double low = 20, double high = 235) {
  return {rng.uniform(low, high), rng.uniform(low, high), rng.uniform(low, high)};
}

double brightness(const cv::Scalar& colour) {
  return 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2];
}

/// Smooth random variation around 0, one value per pixel and channel.
cv::Mat clouds(Rng& rng, int size, int cells, double strength) {
  cv::Mat grid(cells, cells, CV_32FC3), smooth;
  float* value = grid.ptr<float>();
  for (size_t i = 0; i < grid.total() * 3; ++i)
    value[i] = static_cast<float>(rng.uniform(-strength, strength));
  cv::resize(grid, smooth, {size, size}, 0, 0, cv::INTER_CUBIC);
  return smooth;
}

/// Where and how a shape stands in the picture.
struct Pose {
  cv::Point2d centre;
  double radius, angle, stretch;  ///< pixels, radians, wider (> 1) or higher (< 1)

  cv::Point2d toPicture(cv::Point2d p) const {
    p = {p.x * stretch, p.y / stretch};
    return centre + radius * cv::Point2d(p.x * std::cos(angle) - p.y * std::sin(angle),
                                         p.x * std::sin(angle) + p.y * std::cos(angle));
  }
  cv::Point2d toShape(cv::Point2d p) const {
    p = (p - centre) / radius;
    return {(p.x * std::cos(angle) + p.y * std::sin(angle)) / stretch,
            (-p.x * std::sin(angle) + p.y * std::cos(angle)) * stretch};
  }
};

/// The shape as 0..1 coverage, anti-aliased by drawing it four times as large.
cv::Mat coverage(const Shape& shape, const Pose& pose, int size) {
  constexpr int kFiner = 4;
  std::vector<std::vector<cv::Point>> contours(1);
  for (size_t i = 0; i < shape.outline.size(); ++i) {
    if (shape.split > 0 && i == shape.split) contours.emplace_back();
    contours.back().emplace_back(cv::Point(kFiner * pose.toPicture(shape.outline[i])));
  }
  cv::Mat fine = cv::Mat::zeros(kFiner * size, kFiner * size, CV_32F), mask;
  cv::fillPoly(fine, contours, cv::Scalar(1));  // even-odd, so inner contours are holes
  cv::resize(fine, mask, {size, size}, 0, 0, cv::INTER_AREA);
  return mask;
}

/// Adds the print of a shape to its paint, `strength` grey levels at most.
void print(cv::Mat& paint, const Shape& shape, const Pose& pose, double strength) {
  for (int y = 0; y < paint.rows; ++y)
    for (int x = 0; x < paint.cols; ++x) {
      const cv::Point2d p = pose.toShape(cv::Point2d(x + 0.5, y + 0.5));
      const double value = strength * shape.print(p.x, p.y);
      paint.at<cv::Vec3f>(y, x) += cv::Vec3f::all(static_cast<float>(value));
    }
}

/// picture = picture * (1 - mask) + paint * mask
void blend(cv::Mat& picture, const cv::Mat& paint, const cv::Mat& mask) {
  cv::Mat mask3;
  cv::merge(std::vector<cv::Mat>{mask, mask, mask}, mask3);
  picture += (paint - picture).mul(mask3);
}

/// Things that are not the subject: blobs behind it.
void drawClutter(Rng& rng, cv::Mat& picture) {
  const int size = picture.rows;
  const auto place = [&] {
    return cv::Point(static_cast<int>(rng.below(static_cast<uint64_t>(size))),
                     static_cast<int>(rng.below(static_cast<uint64_t>(size))));
  };
  for (uint64_t i = 0, n = 1 + rng.below(4); i < n; ++i) {
    cv::Mat mask = cv::Mat::zeros(size, size, CV_32F);
    const cv::Size axes(2 + static_cast<int>(rng.below(static_cast<uint64_t>(size / 6))),
                        2 + static_cast<int>(rng.below(static_cast<uint64_t>(size / 6))));
    cv::ellipse(mask, place(), axes, rng.uniform(0, 180), 0, 360, cv::Scalar(rng.uniform(0.2, 0.6)),
                cv::FILLED, cv::LINE_AA);
    blend(picture, cv::Mat(size, size, CV_32FC3, randomColour(rng)), mask);
  }
}

/// Thin things in front of the subject.
void drawStrokes(Rng& rng, cv::Mat& picture) {
  const auto size = static_cast<uint64_t>(picture.rows);
  for (uint64_t i = 0, n = rng.below(2); i < n; ++i) {
    const cv::Point a(static_cast<int>(rng.below(size)), 0),
        b(static_cast<int>(rng.below(size)), picture.rows - 1);
    cv::line(picture, a, b, randomColour(rng), 1 + static_cast<int>(rng.below(2)), cv::LINE_AA);
  }
}

/// Light from one side, and the noise of a sensor.
void expose(Rng& rng, cv::Mat& picture) {
  const double angle = rng.uniform(0, 2 * kPi), strength = rng.uniform(0, 0.35), noise = rng.uniform(2, 7);
  const double half = picture.rows / 2.0;
  for (int y = 0; y < picture.rows; ++y) {
    auto* pixel = picture.ptr<cv::Vec3f>(y);
    for (int x = 0; x < picture.cols; ++x) {
      const double side = ((x - half) * std::cos(angle) + (y - half) * std::sin(angle)) / half;
      const auto light = static_cast<float>(1 + strength * side);
      for (int c = 0; c < 3; ++c)
        pixel[x][c] = pixel[x][c] * light + static_cast<float>(noise * rng.normal());
    }
  }
}

}  // namespace

const std::vector<std::string>& shapeNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Shape& shape : shapes()) all.emplace_back(shape.name);
    return all;
  }();
  return names;
}

cv::Mat drawShape(size_t shape, int64_t number, int size, uint64_t seed) {
  Rng rng(seed, static_cast<uint64_t>(number), static_cast<uint32_t>(shape), Purpose::kShapes);
  const cv::Scalar ground = randomColour(rng);
  cv::Mat picture =
      cv::Mat(size, size, CV_32FC3, ground) + clouds(rng, size, 4, 45) + clouds(rng, size, size / 4, 14);
  drawClutter(rng, picture);

  constexpr double kContrast = 70;  // grey levels between subject and ground, so that a person can see it
  cv::Scalar colour = randomColour(rng);
  while (std::abs(brightness(colour) - brightness(ground)) < kContrast) colour = randomColour(rng);
  cv::Mat paint =
      cv::Mat(size, size, CV_32FC3, colour) + clouds(rng, size, 5, 30) + clouds(rng, size, size / 4, 10);
  constexpr double kTilt = 0.4;  // radians
  Pose pose;
  pose.radius = rng.uniform(0.30, 0.42) * size;
  pose.centre.x = rng.uniform(pose.radius, size - pose.radius);
  pose.centre.y = rng.uniform(pose.radius, size - pose.radius);
  pose.angle = rng.uniform(-kTilt, kTilt);
  pose.stretch = rng.uniform(0.85, 1.15);
  print(paint, shapes()[shape], pose, rng.uniform(25, 50));
  blend(picture, paint, coverage(shapes()[shape], pose, size));

  drawStrokes(rng, picture);
  expose(rng, picture);
  cv::Mat result;
  picture.convertTo(result, CV_8UC3);
  return result;
}

}  // namespace cv::mixmim
