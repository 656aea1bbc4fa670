// The findings of an evaluation: one form for every task, so that runs, verbs and records need not know
// which.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// One number, and how it is called: "top1" in files, "top-1" for people.
struct NamedNumber {
  const char *name, *title;
  double value = 0;
  bool isShare = true;  ///< 0..1, and people read percent
};

/// "top-1 75.00 %", "loss 0.1234".
std::string textOf(const NamedNumber& number);

/// The same of the images of one class.
struct MeasuredClass {
  std::string label;
  int64_t images = 0;
  NamedNumber share;
  std::vector<NamedNumber> more;  ///< what else is measured of a class; may be none
};

/// A picture that people should look at.
struct TellingPicture {
  int64_t sample = 0;         ///< index in the data set
  cv::Mat picture;            ///< what the model saw, CV_8UC3, BGR
  boost::json::object facts;  ///< what a record says of it
};

/// Such pictures under the name that a record gives them.
struct TellingPictures {
  const char* name;
  std::vector<TellingPicture> pictures;
};

struct Measured {
  int64_t images = 0;                    ///< that count
  std::vector<NamedNumber> numbers;      ///< never none; the first is the headline
  std::vector<MeasuredClass> classes;    ///< in the order of the labels
  std::vector<NamedNumber> macro;        ///< means of `more` over the classes that have images
  cv::Mat confusion;                     ///< classes x classes, CV_32S, row = true class, column = answer
  std::vector<TellingPictures> telling;  ///< from the images that came with pixels

  /// The number that decides which of two models is better: a share, the larger the better.
  const NamedNumber& headline() const { return numbers.front(); }
};

/// "images", every number under its name, "per_class", and "macro" where a class has more than its share.
boost::json::object toJson(const Measured& measured);

}  // namespace cv::mixmim
