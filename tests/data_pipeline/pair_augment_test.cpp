#include "data_pipeline/pair_augment.hpp"

#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <boost/json.hpp>
#include <opencv2/imgproc.hpp>

#include "data_pipeline/label_map.hpp"
#include "png_samples.hpp"
#include "tests/support/images.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

using boost::json::value;
using test::equal;

const value& golden() {
  static const value numbers =
      boost::json::parse(test::contentOf(std::string(MIXMIM_GOLDEN_DIR) + "/dense/transforms.json"));
  return numbers;
}

int intOf(const value& number) {
  return static_cast<int>(number.to_number<double>());
}

TEST(SizeInBox, IsThatOfTheReference) {
  for (const value& one : golden().at("rescaled").as_array()) {
    const cv::Size picture(intOf(one.at("width")), intOf(one.at("height")));
    const cv::Size expected(intOf(one.at("result").at(0)), intOf(one.at("result").at(1)));
    EXPECT_EQ(sizeInBox(picture, intOf(one.at("long")), intOf(one.at("short"))), expected) << picture;
  }
  EXPECT_EQ(sizeInBox({1, 10000}, 64, 16), cv::Size(1, 64)) << "no side is empty";
}

cv::Mat pictureOf(const value& rgb, int rows, int cols) {
  cv::Mat picture(rows, cols, CV_8UC3);
  for (size_t i = 0; i < picture.total() * 3; ++i) picture.data[i] = static_cast<uint8_t>(intOf(rgb.at(i)));
  return picture;
}

std::optional<double> drawOf(const value& number) {
  return number.is_null() ? std::nullopt : std::optional(number.to_number<double>());
}

TEST(Distortion, HasTheBytesOfTheReference) {
  const value& distorted = golden().at("distort");
  const int rows = intOf(distorted.at("rows")), cols = intOf(distorted.at("cols"));
  for (const value& one : distorted.at("cases").as_array()) {
    const value& draws = one.at("draws");
    Distortion distortion{drawOf(draws.at("brightness")), drawOf(draws.at("contrast")),
                          draws.at("contrast_first").as_bool(), drawOf(draws.at("saturation")), std::nullopt};
    if (!draws.at("hue").is_null()) distortion.hue = intOf(draws.at("hue"));
    cv::Mat picture = pictureOf(distorted.at("rgb"), rows, cols), scratch;
    distort(distortion, picture, scratch);
    EXPECT_TRUE(equal(picture, pictureOf(one.at("rgb"), rows, cols))) << boost::json::serialize(draws);
  }
}

TEST(Distortion, DrawsEachStepHalfTheTime) {
  constexpr int kDraws = 4000;
  int brightness = 0, contrast = 0, first = 0, saturation = 0, hue = 0;
  std::set<int> hues;
  for (uint64_t item = 0; item < kDraws; ++item) {
    Rng rng(3, item, 0, Purpose::kRandAugment);
    const Distortion drawn = drawDistortion(rng);
    brightness += drawn.brightness.has_value();
    contrast += drawn.contrast.has_value();
    first += drawn.contrastFirst;
    saturation += drawn.saturation.has_value();
    hue += drawn.hue.has_value();
    EXPECT_LE(std::abs(drawn.brightness.value_or(0)), 32);
    EXPECT_LE(std::abs(drawn.contrast.value_or(1) - 1), 0.5);
    EXPECT_LE(std::abs(drawn.saturation.value_or(1) - 1), 0.5);
    if (drawn.hue) hues.insert(*drawn.hue);
  }
  for (const int count : {brightness, contrast, first, saturation, hue}) EXPECT_NEAR(count, kDraws / 2, 110);
  EXPECT_EQ(hues.size(), 36u);
  EXPECT_EQ(*hues.begin(), -18);
  EXPECT_EQ(*hues.rbegin(), 17);
}

TEST(LabelRule, ReducesZeroAsTheReference) {
  for (const value& one : golden().at("reduce_zero_label").as_array()) {
    cv::Mat labels(1, 1, CV_8U, cv::Scalar(intOf(one.at(0))));
    applyRule({254, true}, labels);
    EXPECT_EQ(labels.at<uint8_t>(0), intOf(one.at(1)));
  }
}

/// The map of the reference, stored as runs along its rows.
cv::Mat mapOfRuns(const value& choice) {
  cv::Mat map(intOf(choice.at("rows")), intOf(choice.at("cols")), CV_8U);
  uint8_t* out = map.data;
  for (const value& run : choice.at("label_rle_by_row").as_array())
    out = std::fill_n(out, intOf(run.at(1)), static_cast<uint8_t>(intOf(run.at(0))));
  EXPECT_EQ(out, map.dataend);
  return map;
}

TEST(ChooseCrop, TakesTheCropOfTheReference) {
  const value& choice = golden().at("crop_choice");
  const cv::Mat map = mapOfRuns(choice);
  const int side = intOf(choice.at("crop"));
  const auto cornerAt = [&](int i) {
    const value& corner = choice.at("corners_top_left").at(static_cast<size_t>(i));
    return cv::Point(intOf(corner.at(1)), intOf(corner.at(0)));
  };
  PairResizer resizer;
  ResizedView view{map.size(), map.size(), {0, 0, side, side}};
  int draws = 0;
  chooseCrop(
      map, 0.75, [&] { return cornerAt(draws++); }, resizer, view);
  EXPECT_EQ(draws - 1, intOf(choice.at("chosen")));
  EXPECT_EQ(view.crop, cv::Rect(cornerAt(draws - 1), cv::Size(side, side)));
  draws = 0;
  chooseCrop(
      map, 0.75, [&] { return ++draws, cornerAt(0); }, resizer, view);
  EXPECT_EQ(draws - 1, intOf(choice.at("chosen_when_all_ten_are_the_first")));
}

/// Any view of a picture of that size.
ResizedView viewOf(cv::Size picture, cv::Size resized, Rng& rng) {
  const auto below = [&](int n) { return static_cast<int>(rng.below(static_cast<uint64_t>(n))); };
  ResizedView view{picture, resized, {}, rng.uniform() < 0.5};
  view.crop.width = 1 + below(resized.width);
  view.crop.height = 1 + below(resized.height);
  view.crop.x = below(resized.width - view.crop.width + 1);
  view.crop.y = below(resized.height - view.crop.height + 1);
  return view;
}

cv::Mat byOpenCv(const cv::Mat& image, const ResizedView& view, int interpolation) {
  cv::Mat whole, shown;
  cv::resize(image, whole, view.resized, 0, 0, interpolation);
  if (!view.flip) return whole(view.crop).clone();
  cv::flip(whole(view.crop), shown, 1);
  return shown;
}

TEST(PairResizer, HasTheBytesOfOpenCv) {
  PairResizer resizer;
  Rng rng(7, 0, 0, Purpose::kCrop);
  const auto below = [&](int n) { return 1 + static_cast<int>(rng.below(static_cast<uint64_t>(n))); };
  for (int i = 0; i < 600; ++i) {
    const cv::Size picture(below(i % 7 == 0 ? 3 : 90), below(i % 11 == 0 ? 3 : 90));
    cv::Size resized(below(180), below(180));
    if (i % 10 == 1) resized = picture;
    if (i % 10 == 2) resized = {std::max(1, picture.width / 2), std::max(1, picture.height / 2)};
    if (i % 10 == 3) resized = picture * 2;
    const ResizedView view = viewOf(picture, resized, rng);
    const cv::Mat image = test::noise(picture, CV_8UC3, static_cast<uint32_t>(i)),
                  map = test::mapOf(picture, 200);
    cv::Mat pixels(view.crop.size(), CV_8UC3), labels(view.crop.size(), CV_8U);
    resizer.showPicture(view, image(view.region()), pixels);
    resizer.showLabels(view, map, labels);
    ASSERT_TRUE(equal(pixels, byOpenCv(image, view, cv::INTER_LINEAR))) << picture << resized << view.crop;
    ASSERT_TRUE(equal(labels, byOpenCv(map, view, cv::INTER_NEAREST))) << picture << resized << view.crop;
    ASSERT_EQ(resizer.countLabels(view, map), countPixels(labels)) << picture << resized << view.crop;
  }
}

TEST(ResizedView, NeedsNoMoreThanItShows) {
  const ResizedView whole{{90, 60}, {180, 120}, {0, 0, 180, 120}},
      part{{90, 60}, {180, 120}, {40, 20, 80, 60}};
  EXPECT_EQ(whole.region(), cv::Rect(0, 0, 90, 60));
  EXPECT_EQ(part.region(), cv::Rect(19, 9, 42, 32)) << "a neighbour on every side";
  EXPECT_EQ(part.view().crop, cv::Rect2d(20, 10, 40, 30));
  EXPECT_EQ(part.view().size, cv::Size(80, 60));
}

/// A picture whose colours are those of its labels, in blocks that interpolation leaves whole inside.
struct Pair {
  explicit Pair(cv::Size size, int number = 0) : picture(size, CV_8UC3), labels(size, CV_8U) {
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) {
        const int block = (x / 24 + 3 * (y / 20) + number) % 7;
        labels.at<uint8_t>(y, x) = static_cast<uint8_t>(block == 6 ? kIgnoredLabel : block);
        picture.at<cv::Vec3b>(y, x) = colourOf(labels.at<uint8_t>(y, x));
      }
  }
  static cv::Vec3b colourOf(uint8_t label) {
    return {label, static_cast<uint8_t>(7 * label), static_cast<uint8_t>(255 - label)};
  }
  cv::Mat picture, labels;
};

/// A pair of the data set and its place in a batch of noise, after the transform.
struct Filled {
  Filled(const Pair& pair, int64_t index, const PairAugmentConfig& config, PairResizer resizer = {})
      : picture(test::noise(config.slot, CV_8UC3)),
        labels(test::noise(config.slot, CV_8U)),
        drawn(drawPairAugmentation(5, index, 2, pair.labels, config, resizer)) {
    cv::Mat scratch;
    fillSlot(drawn, pair.picture(drawn.view.region()), pair.labels, resizer, scratch, {picture, labels});
  }
  cv::Mat picture, labels;
  PairAugmentation drawn;
};

std::set<int> valuesOf(const cv::Mat& labels) {
  std::set<int> values;
  const PixelCounts counts = countPixels(labels);
  for (size_t value = 0; value < counts.size(); ++value)
    if (counts[value] > 0) values.insert(static_cast<int>(value));
  return values;
}

PairAugmentConfig configOf(cv::Size slot, bool distort = true) {
  PairAugmentConfig config;
  config.slot = slot;
  config.distort = distort;
  return config;
}

TEST(PairAugment, NoLabelIsInvented) {
  for (int64_t i = 0; i < 100; ++i) {
    const Pair pair({90 + static_cast<int>(i), 70}, static_cast<int>(i));
    const std::set<int> before = valuesOf(pair.labels);
    for (const int value : valuesOf(Filled(pair, i, configOf({64, 48})).labels))
      EXPECT_TRUE(before.count(value) > 0 || value == kIgnoredLabel) << value;
  }
}

TEST(PairAugment, AWholePictureKeepsAllItsLabels) {
  const Pair pair({96, 80});
  PairAugmentConfig config = configOf({640, 640});  // the slot holds the whole of it
  config.ratioMin = config.ratioMax = 0.5;
  const Filled filled(pair, 3, config);
  EXPECT_EQ(filled.drawn.view.crop.size(), filled.drawn.view.resized);
  EXPECT_EQ(valuesOf(filled.labels), valuesOf(pair.labels));
}

/// Pixels around which all labels are alike: interpolation mixes nothing there.
bool isInside(const cv::Mat& labels, cv::Size shown, int x, int y) {
  constexpr int kReach = 3;
  const cv::Rect around(x - kReach, y - kReach, 2 * kReach + 1, 2 * kReach + 1);
  return (around & cv::Rect({}, shown)) == around &&
         cv::countNonZero(labels(around) != labels.at<uint8_t>(y, x)) == 0;
}

TEST(PairAugment, PictureAndLabelsStayCongruent) {
  int64_t compared = 0;
  for (int64_t i = 0; i < 20; ++i) {
    const Pair pair({120, 90}, static_cast<int>(i));
    const Filled filled(pair, i, configOf({80, 80}, false));
    const cv::Size shown = filled.drawn.view.crop.size();
    for (int y = 0; y < shown.height; ++y)
      for (int x = 0; x < shown.width; ++x)
        if (isInside(filled.labels, shown, x, y)) {
          ++compared;
          ASSERT_EQ(filled.picture.at<cv::Vec3b>(y, x), Pair::colourOf(filled.labels.at<uint8_t>(y, x)))
              << i << " " << x << " " << y;
        }
  }
  EXPECT_GT(compared, 20 * 80 * 80 / 4);
}

TEST(PairAugment, PaddingIsIgnoredAndZero) {
  const Pair pair({120, 40});
  PairAugmentConfig config = configOf({64, 64});
  config.ratioMin = config.ratioMax = 0.5;  // 96 x 32
  const Filled filled(pair, 1, config);
  EXPECT_EQ(filled.drawn.view.crop.size(), cv::Size(64, 32));
  const cv::Rect below(0, 32, 64, 32);
  EXPECT_EQ(cv::countNonZero(filled.labels(below) != kIgnoredLabel), 0);
  EXPECT_EQ(cv::countNonZero(filled.picture(below).clone().reshape(1)), 0);
  EXPECT_LT(valuesOf(filled.labels(cv::Rect(0, 0, 64, 32))).count(kIgnoredLabel), 2u);
}

TEST(PairAugment, IsAFunctionOfItsKeyOnAnyThread) {
  const auto hashesOf = [](int threads) {
    std::vector<uint64_t> hashes(64);
    std::vector<std::thread> workers;
    for (int worker = 0; worker < threads; ++worker)
      workers.emplace_back([&, worker] {
        for (size_t i = static_cast<size_t>(worker); i < hashes.size(); i += static_cast<size_t>(threads)) {
          const Filled filled(Pair({90, 70}, static_cast<int>(i)), static_cast<int64_t>(i),
                              configOf({48, 64}));
          hashes[i] = test::hashOf(filled.picture) ^ 3 * test::hashOf(filled.labels);
        }
      });
    for (std::thread& worker : workers) worker.join();
    return hashes;
  };
  const std::vector<uint64_t> one = hashesOf(1);
  EXPECT_EQ(hashesOf(4), one);
  EXPECT_EQ(std::set<uint64_t>(one.begin(), one.end()).size(), one.size()) << "other keys, other bytes";
}

TEST(PairAugment, DrawsAreThoseOfTheRule) {
  const Pair pair({683, 512});
  int flips = 0;
  double smallest = 9, largest = 0;
  PairResizer resizer;
  for (int64_t i = 0; i < 400; ++i) {
    const PairAugmentation drawn = drawPairAugmentation(1, i, 0, pair.labels, configOf({512, 512}), resizer);
    const double ratio = drawn.view.resized.height / 512.0;
    smallest = std::min(smallest, ratio);
    largest = std::max(largest, ratio);
    flips += drawn.view.flip;
    EXPECT_EQ(drawn.view.crop & cv::Rect({}, drawn.view.resized), drawn.view.crop);
    EXPECT_EQ(drawn.view.crop.height, std::min(512, drawn.view.resized.height));
  }
  EXPECT_NEAR(smallest, 0.5, 0.03);
  EXPECT_NEAR(largest, 2, 0.03);
  EXPECT_NEAR(flips, 200, 40);
}

}  // namespace
}  // namespace cv::mixmim
