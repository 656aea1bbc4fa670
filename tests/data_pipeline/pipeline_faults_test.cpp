// What goes wrong in a run: damaged files, impatient consumers, failing workers.
#include <algorithm>
#include <chrono>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "data_pipeline/pipeline.hpp"
#include "tests/data_pipeline/data_set.hpp"
#include "tests/data_pipeline/jpeg_samples.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/resident_memory.hpp"

namespace cv::mixmim {
namespace {

using test::DataSet;
using test::optionsFor;
using test::run;
using test::writeFile;

using Bytes = std::vector<uint8_t>;

/// 24 good images and these.
class DamagedDataSet : public DataSet {
 public:
  DamagedDataSet() : DataSet(3, 8) {
    const Bytes whole = test::encodeJpeg(test::picture({90, 70}));
    writeFile(path("class0/damaged-empty.jpg"), Bytes());
    writeFile(path("class0/damaged-garbage.jpg"), std::string("no image at all"));
    writeFile(path("class1/damaged-half.jpg"), Bytes(whole.begin(), whole.begin() + 900));
    std::filesystem::create_symlink("nowhere", path("class2/damaged-link.jpg"));
    std::filesystem::create_directory(path("class2/folder.jpg"));
  }
};

const std::vector<std::pair<std::string, std::string>> kReasons{
    {"class0/damaged-empty.jpg", "the file is empty"},
    {"class0/damaged-garbage.jpg", "not an image of a known format"},
    {"class1/damaged-half.jpg", "JPEG: the file is truncated"},
    {"class2/damaged-link.jpg", "cannot be read (No such file or directory)"}};

PipelineOptions tolerant(Recipe recipe) {
  PipelineOptions options = optionsFor(recipe);
  options.config.data.maxBadRate = 1;
  return options;
}

/// Path below the data set -> reason.
std::vector<std::pair<std::string, std::string>> reasonsOf(const Pipeline& pipeline, const DataSet& data) {
  std::vector<std::pair<std::string, std::string>> reasons;
  for (const BadImage& bad : pipeline.badImages())
    reasons.emplace_back(bad.path.substr(data.root().size() + 1), bad.reason);
  std::sort(reasons.begin(), reasons.end());
  return reasons;
}

TEST(PipelineFaults, DamagedImagesAreReplacedAndNamed) {
  const DamagedDataSet data;
  const auto source = data.open();
  PipelineOptions options = tolerant(Recipe::kPretrain);
  options.config.data.batch = 7;  // 4 batches of 7 show all 28
  Pipeline pipeline(source, options);
  const auto batches = run(pipeline, 0, 4);
  EXPECT_EQ(batches.size(), 4u);
  EXPECT_EQ(reasonsOf(pipeline, data), kReasons);
  EXPECT_EQ(pipeline.stats().images, 28);
  EXPECT_GE(pipeline.stats().bad, 4);
  for (const BadImage& bad : pipeline.badImages()) {
    EXPECT_EQ(bad.epoch, 0);
    EXPECT_FALSE(bad.substitute.empty());
    const auto& batch = batches[static_cast<size_t>(bad.position / 7)];
    if (bad.substitute.find("damaged") != std::string::npos) continue;
    for (int64_t i = 0; i < source->size(); ++i)
      if (source->path(i) == bad.substitute) {
        const std::string used = " " + std::to_string(i) + ":" + std::to_string(source->label(i)) + " ";
        EXPECT_NE(batch.find(used), std::string::npos) << bad.substitute << " not in " << batch;
      }
  }
}

TEST(PipelineFaults, ReplacementsDoNotDependOnThreads) {
  const DamagedDataSet data;
  PipelineOptions options = tolerant(Recipe::kFinetune);
  options.config.run.threads = 1;
  const auto expected = run(data.open(), options, 0, 12);
  options.config.run.threads = 4;
  options.config.data.ring = 8;
  EXPECT_EQ(run(data.open(), options, 0, 12), expected);
}

TEST(PipelineFaults, EvaluationLeavesDamagedImagesOut) {
  const DamagedDataSet data;
  const auto source = data.open();
  Pipeline pipeline(source, tolerant(Recipe::kEval));
  std::vector<int64_t> seen;
  pipeline.start(0, pipeline.stepsPerEpoch());
  while (const auto batch = pipeline.next()) {
    for (int slot = 0; slot < batch->count; ++slot) {
      const int64_t index = batch->samples[static_cast<size_t>(slot)];
      seen.push_back(index);
      EXPECT_EQ(batch->classTargets.at<int>(slot), source->label(index));
    }
    for (int slot = batch->count; slot < batch->capacity(); ++slot)
      EXPECT_EQ(batch->classTargets.at<int>(slot), -1);
  }
  EXPECT_EQ(seen.size(), 24u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  for (const int64_t index : seen) EXPECT_EQ(source->path(index).find("damaged"), std::string::npos);
  EXPECT_EQ(reasonsOf(pipeline, data), kReasons);
  for (const BadImage& bad : pipeline.badImages()) EXPECT_EQ(bad.substitute, "");
}

TEST(PipelineFaults, EvaluationPassesOverBatchesWithoutImages) {
  const DataSet data(2, 4);
  for (int i = 0; i < 12; ++i) writeFile(data.path("class0/a" + std::to_string(100 + i) + ".jpg"), Bytes());
  Pipeline pipeline(data.open(), tolerant(Recipe::kEval));
  const auto batches = run(pipeline, 0, pipeline.stepsPerEpoch());
  EXPECT_EQ(batches.size(), 3u);  // of 4: class0 sorts 100.jpg to 106.jpg before twelve damaged, then class1
  EXPECT_EQ(pipeline.stats().images, 8);
}

TEST(PipelineFaults, TooManyDamagedImagesStopTheRun) {
  const DamagedDataSet data;
  PipelineOptions options = tolerant(Recipe::kPretrain);
  options.config.data.maxBadImages = 0;
  options.config.data.batch = 28;
  options.config.run.threads = 1;
  Pipeline pipeline(data.open(), options);
  pipeline.start(0, 100);
  try {
    while (pipeline.next()) {
    }
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string start =
        "data.maxBadImages: expected at most 0 unreadable files, got 1: " + data.root() + "/class";
    EXPECT_EQ(std::string(error.what()).substr(0, start.size()), start);
  }
  EXPECT_FALSE(pipeline.next()) << "an error is thrown once";
  EXPECT_FALSE(pipeline.next());
}

TEST(PipelineFaults, NothingReadableStopsTheRun) {
  const test::TempFolder folder;
  for (int i = 0; i < 8; ++i) writeFile(folder / (std::to_string(i) + ".jpg"), Bytes());
  PipelineOptions options = optionsFor(Recipe::kPretrain);
  options.config.data.batch = 8;
  Pipeline pipeline(openSource(folder.path().string()), options);
  pipeline.start(0, 100);
  EXPECT_THROW(while (pipeline.next()){}, Error);
}

TEST(PipelineFaults, FilesThatVanishAreReplaced) {
  const DataSet data(2, 12);
  const auto source = data.open();
  std::filesystem::remove(source->path(5));
  Pipeline pipeline(source, tolerant(Recipe::kPretrain));
  EXPECT_EQ(run(pipeline, 0, 4).size(), 4u);
  ASSERT_EQ(pipeline.badImages().size(), 1u);
  EXPECT_EQ(pipeline.badImages()[0].path, source->path(5));
}

TEST(PipelineFaults, OneDamagedFileInAHundredIsListedAndTheRunCompletes) {
  test::TempFolder folder;
  const Bytes good = test::encodeJpeg(test::picture({20, 18})), cut(good.begin(), good.begin() + 200);
  constexpr int kImages = 2000;
  std::set<std::string> damaged;
  for (int i = 0; i < kImages; ++i) {
    const std::string name = "c" + std::to_string(i % 4) + "/" + std::to_string(i) + ".jpg";
    if (i % 100 == 63) damaged.insert(folder.path().string() + "/" + name);
    writeFile(folder / name, i % 100 == 63 ? cut : good);
  }
  PipelineOptions options = optionsFor(Recipe::kFinetune);
  options.config.data.batch = 50;
  Pipeline pipeline(openSource(folder.path().string()), options);
  int64_t images = 0;
  pipeline.start(0, pipeline.stepsPerEpoch());
  while (const auto batch = pipeline.next()) images += batch->count;
  EXPECT_EQ(images, kImages);
  std::set<std::string> listed;
  for (const BadImage& bad : pipeline.badImages()) listed.insert(bad.path);
  EXPECT_EQ(listed, damaged);
}

TEST(PipelineFaults, MemoryDoesNotGrowFromEpochToEpoch) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps memory of its own";
#endif
  const DamagedDataSet data;
  PipelineOptions options = tolerant(Recipe::kFinetune);
  Pipeline pipeline(data.open(), options);
  const int64_t epoch = pipeline.stepsPerEpoch();
  pipeline.start(0, 60 * epoch);
  const auto consume = [&](int64_t epochs) {
    for (int64_t step = 0; step < epochs * epoch; ++step) pipeline.next();
  };
  consume(20);
  const size_t before = test::residentMemory();
  consume(40);
  constexpr size_t kNoise = 3 << 20;
  EXPECT_LT(test::residentMemory(), before + kNoise);
}

/// A source whose images fail in ways that no file can.
class FailingSource : public Source {
 public:
  explicit FailingSource(std::shared_ptr<const Source> good) : good_(std::move(good)) {}
  int64_t size() const override { return good_->size(); }
  int label(int64_t index) const override {
    return index == 7 ? throw std::logic_error("label of 7") : good_->label(index);
  }
  std::string path(int64_t index) const override { return good_->path(index); }
  std::string name(int64_t index) const override { return good_->name(index); }
  void read(int64_t index, Bytes& bytes) const override { good_->read(index, bytes); }
  const std::vector<std::string>& labels() const override { return good_->labels(); }
  std::string fingerprint() const override { return good_->fingerprint(); }

 private:
  std::shared_ptr<const Source> good_;
};

TEST(PipelineFaults, ForeignExceptionsReachTheConsumerOnce) {
  const DataSet data(2, 12);
  Pipeline pipeline(std::make_shared<FailingSource>(data.open()), optionsFor(Recipe::kPretrain));
  for (int attempt = 0; attempt < 3; ++attempt) {
    pipeline.start(0, 1000);
    EXPECT_THROW(while (pipeline.next()){}, std::logic_error);
    EXPECT_FALSE(pipeline.next());
  }
}

TEST(PipelineFaults, ExceptionInAllocateLeavesTheConstructor) {
  const DataSet data(2, 12);
  PipelineOptions options = optionsFor(Recipe::kPretrain);
  int calls = 0;
  options.allocate = [&](int batch) {
    if (++calls == 3) throw std::bad_alloc();
    const int sizes[] = {batch, 64, 64, 3};
    return cv::Mat(4, sizes, CV_8U);
  };
  EXPECT_THROW(Pipeline(data.open(), options), std::bad_alloc);
}

TEST(PipelineFaults, ConsumersMayLeaveAtAnyTime) {
  const DataSet data(2, 12);
  for (int taken = 0; taken < 6; ++taken) {
    Pipeline pipeline(data.open(), optionsFor(Recipe::kPretrain));
    pipeline.start(0, 1000);
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(pipeline.next());
  }
  Pipeline neverStarted(data.open(), optionsFor(Recipe::kPretrain));
  EXPECT_FALSE(neverStarted.next());
}

TEST(PipelineFaults, StopWakesABlockedFeeder) {
  const DataSet data(2, 12);
  Pipeline pipeline(data.open(), optionsFor(Recipe::kPretrain));
  pipeline.start(0, 1000);
  const auto lease = pipeline.next();
  while (pipeline.stats().batches < 4) std::this_thread::yield();  // the ring is full: the feeder waits
  std::thread([&] { pipeline.stop(); }).join();
  EXPECT_FALSE(pipeline.next());
}

/// Lets nobody read until it is told to.
class SlowSource : public FailingSource {
 public:
  SlowSource(std::shared_ptr<const Source> good, std::shared_future<void> go)
      : FailingSource(std::move(good)), go_(std::move(go)) {}
  int label(int64_t) const override { return 0; }
  void read(int64_t index, Bytes& bytes) const override {
    go_.wait();
    FailingSource::read(index, bytes);
  }

 private:
  std::shared_future<void> go_;
};

TEST(PipelineFaults, StopWakesABlockedConsumer) {
  const DataSet data(2, 12);
  std::promise<void> go;
  Pipeline pipeline(std::make_shared<SlowSource>(data.open(), go.get_future().share()),
                    optionsFor(Recipe::kPretrain));
  pipeline.start(0, 1000);
  auto consumer = std::async(std::launch::async, [&] { return pipeline.next() == nullptr; });
  EXPECT_EQ(consumer.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  pipeline.stop();
  EXPECT_TRUE(consumer.get());
  go.set_value();
}

TEST(PipelineFaults, StopFromAnotherThreadAtRandomTimes) {
  const DataSet data(2, 12);
  Pipeline pipeline(data.open(), optionsFor(Recipe::kFinetune));
  for (int trial = 0; trial < 40; ++trial) {
    pipeline.start(0, 1000);
    std::thread watcher([&, trial] {
      std::this_thread::sleep_for(std::chrono::microseconds(trial * 97));
      pipeline.stop();
    });
    while (pipeline.next()) {
    }
    watcher.join();
  }
}

TEST(PipelineFaults, LeasesMayComeBackAfterThePipelineIsGone) {
  const DataSet data(2, 12);
  Pipeline::Lease late;
  {
    Pipeline pipeline(data.open(), optionsFor(Recipe::kPretrain));
    pipeline.start(0, 1000);
    late = pipeline.next();
  }
  EXPECT_EQ(late->count, 6);
  std::thread([&] { late.reset(); }).join();
}

TEST(PipelineFaults, LeasesMayComeBackAfterARestart) {
  const DataSet data(2, 12);
  PipelineOptions options = optionsFor(Recipe::kPretrain);
  options.config.data.ring = 2;
  Pipeline pipeline(data.open(), options);
  pipeline.start(0, 1000);
  auto late = pipeline.next();
  const std::string before = test::describe(*late);
  const auto expected = run(data.open(), options, 0, 8);
  EXPECT_EQ(run(pipeline, 0, 8), expected);
  EXPECT_EQ(test::describe(*late), before) << "a batch on lease was written to";
  late.reset();
  EXPECT_EQ(run(pipeline, 0, 8), expected);
}

}  // namespace
}  // namespace cv::mixmim
