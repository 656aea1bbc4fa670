#include "targets/target_reader.hpp"

#include <gtest/gtest.h>

#include "flow/ring_batch.hpp"
#include "tests/data_pipeline/labels_only.hpp"

namespace cv::mixmim {
namespace {

std::vector<int> classesOf(const Batch& batch) {
  return {batch.classTargets.begin<int>(), batch.classTargets.end<int>()};
}

/// A batch of small pictures, each of one grey value: its slot.
RingBatch& allocated(RingBatch& work, const TargetReader& targets, int capacity) {
  const int shape[] = {capacity, 2, 2, 3};
  work.batch.images = cv::Mat(4, shape, CV_8U);
  for (int slot = 0; slot < capacity; ++slot) work.batch.picture(slot).setTo(cv::Scalar::all(slot));
  targets.allocate(work.batch);
  return work;
}

TEST(ClassTargets, SayNothingUntilTheyArePlaced) {
  const auto targets = makeTargetReader(Task::kFinetune, Labelling::kOne, test::labelled({7, 8, 9}));
  RingBatch work;
  Batch& batch = allocated(work, *targets, 3).batch;
  EXPECT_EQ(classesOf(batch), (std::vector<int>{-1, -1, -1}));
  targets->place(targets->read(2), {}, batch, 1);
  EXPECT_EQ(classesOf(batch), (std::vector<int>{-1, 9, -1}));
}

TEST(ClassTargets, AreTheSameWhateverPartOfThePictureIsSeen) {
  const auto targets = makeTargetReader(Task::kPretrain, Labelling::kOne, test::labelled({5}));
  RingBatch work;
  Batch& batch = allocated(work, *targets, 1).batch;
  for (const View& view : {View{{0, 0, 9, 9}, {2, 2}, false}, View{{3, 4, 1, 1}, {2, 2}, true}}) {
    targets->place({}, {}, batch, 0);
    targets->place(targets->read(0), view, batch, 0);
    EXPECT_EQ(classesOf(batch), std::vector<int>{5});
  }
}

TEST(LabelTargets, AreARowOfFlagsPerPicture) {
  const auto source =
      std::make_shared<test::SetsOfLabels>(3, std::vector<std::vector<int>>{{0, 2}, {}, {1}, {0, 1, 2}});
  const auto targets = makeTargetReader(Task::kFinetune, Labelling::kSeveral, source);
  RingBatch work;
  Batch& batch = allocated(work, *targets, 3).batch;
  EXPECT_EQ(batch.labelTargets.size(), cv::Size(3, 3));
  EXPECT_EQ(cv::countNonZero(batch.labelTargets), 0);
  EXPECT_TRUE(batch.classTargets.empty());
  targets->place(targets->read(3), {}, batch, 0);
  for (const int slot : {0, 1, 2}) targets->place(targets->read(slot), {}, batch, slot);  // a slot again
  targets->move(batch, 2, 1);
  const cv::Mat expected = (cv::Mat_<uchar>(3, 3) << 1, 0, 1, 0, 1, 0, 0, 1, 0);
  EXPECT_EQ(cv::countNonZero(batch.labelTargets != expected), 0) << batch.labelTargets;
}

// Damaged pictures of an evaluation leave holes, over which the others move up with their targets.
TEST(RingBatch, CollectsFilledSlotsWithTheirTargets) {
  const auto targets =
      makeTargetReader(Task::kFinetune, Labelling::kOne, test::labelled({10, 11, 12, 13, 14}));
  RingBatch work;
  allocated(work, *targets, 5);
  work.assign({0, 1, 2, 3, 4}, 0);
  for (const int slot : {0, 1, 2, 3, 4}) targets->place(targets->read(slot), {}, work.batch, slot);
  for (const size_t slot : {1, 3, 4}) work.jobs[slot].filled = true;
  work.jobs[3].erasure.box = {0, 0, 1, 1};
  work.collect(*targets);
  EXPECT_EQ(work.batch.count, 3);
  EXPECT_EQ(work.batch.samples, (std::vector<int64_t>{1, 3, 4}));
  EXPECT_EQ(classesOf(work.batch), (std::vector<int>{11, 13, 14, -1, -1}));
  for (const int slot : {0, 1, 2})
    EXPECT_EQ(work.batch.images.ptr(slot)[0], work.batch.samples[static_cast<size_t>(slot)]);
  ASSERT_EQ(work.batch.erasures.size(), 1U);
  EXPECT_EQ(work.batch.erasures[0].slot, 1);
}

struct SeenCase {
  cv::Size image;
  int side;
  double share;
  cv::Rect2d crop;
};

TEST(EvaluationView, SaysWhichPartOfThePictureIsSeen) {
  // The shorter side becomes 256, of which 224 are cut out: 7/8 of it, in the middle.
  for (const SeenCase& c :
       {SeenCase{{512, 512}, 224, 0.875, {32, 32, 448, 448}},
        SeenCase{{1024, 512}, 224, 0.875, {288, 32, 448, 448}}, SeenCase{{64, 64}, 64, 1, {0, 0, 64, 64}}}) {
    const View view = evaluationView(c.image, {c.side, c.side}, {EvalRule::kOfficial, c.share});
    EXPECT_EQ(view.crop, c.crop) << c.image;
    EXPECT_EQ(view.size, cv::Size(c.side, c.side)) << c.image;
    EXPECT_FALSE(view.flip);
  }
}

}  // namespace
}  // namespace cv::mixmim
