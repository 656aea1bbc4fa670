// The order of copies and computing on a device, on one that takes every liberty a GPU has.
#include "compute/transfer.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/torch_trainer/fake_queues.hpp"

namespace cv::mixmim {
namespace {

using Fault = FakeQueues::Fault;
using Queue = DeviceQueues::Queue;

constexpr int kBytes = 16, kSteps = 12;

/// What step `step` computes from its batch.
float expected(int step) {
  return static_cast<float>(kBytes * (step + 1));
}

/// The trainer's loop with two batches in turn, as a pipeline hands them over. The step: the batch's sum,
/// computed in two goes. Returns the reports as they come, the last one after the end.
std::vector<float> train(unsigned seed, Fault fault) {
  auto owned = std::make_unique<FakeQueues>(seed, fault);
  FakeQueues& device = *owned;
  Transfer transfer(std::move(owned));
  cv::Mat batches[] = {transfer.allocate({kBytes}), transfer.allocate({kBytes})};
  std::vector<float> reports;
  for (int step = 0; step < kSteps; ++step) {
    cv::Mat& batch = batches[step % 2];
    batch.setTo(step + 1);  // the batch was free: the step that had it is over
    {
      const at::Tensor uploaded = transfer.upload(batch);
      const at::Tensor numbers = device.allocate(Queue::kCompute, {1}, at::kFloat);
      const auto* bytes = uploaded.const_data_ptr<uint8_t>();
      auto* sum = numbers.mutable_data_ptr<float>();
      device.tell(Queue::kCompute, [=] { *sum = std::accumulate(bytes, bytes + kBytes / 2, 0.f); });
      device.tell(Queue::kCompute, [=] { *sum = std::accumulate(bytes + kBytes / 2, bytes + kBytes, *sum); });
      for (const float number : transfer.collect()) reports.push_back(number);
      transfer.fetch(numbers);
    }
    transfer.wait();
    batch.setTo(255);  // and now the pipeline fills it anew
  }
  for (const float number : transfer.collect()) reports.push_back(number);
  return reports;
}

std::vector<float> undisturbed() {
  std::vector<float> reports;
  for (int step = 0; step < kSteps; ++step) reports.push_back(expected(step));
  return reports;
}

TEST(Transfer, NothingIsReadOrOverwrittenTooEarly) {
  for (unsigned seed = 0; seed < 2000; ++seed) ASSERT_EQ(train(seed, Fault::kNone), undisturbed()) << seed;
}

/// The test above would see each of the waits missing.
TEST(Transfer, EveryWaitIsNeeded) {
  for (const Fault fault :
       {Fault::kNoWait, Fault::kNoHostWaitForUpload, Fault::kNoHostWaitForFetch, Fault::kNoShare}) {
    int wrong = 0;
    for (unsigned seed = 0; seed < 2000; ++seed) wrong += train(seed, fault) != undisturbed();
    EXPECT_GT(wrong, 0) << static_cast<int>(fault);
  }
}

TEST(Transfer, OnTheCpuABatchIsAView) {
  Transfer transfer{at::Device(at::kCPU)};
  cv::Mat batch = transfer.allocate({2, 3});
  const at::Tensor uploaded = transfer.upload(batch);
  EXPECT_EQ(uploaded.data_ptr(), batch.data);
  EXPECT_EQ(uploaded.sizes(), (std::vector<int64_t>{2, 3}));
  EXPECT_TRUE(transfer.collect().empty());
  transfer.fetch(at::tensor({1.f, 2.f}));
  EXPECT_EQ(transfer.collect(), (std::vector<float>{1, 2}));
  EXPECT_TRUE(transfer.collect().empty());
}

}  // namespace
}  // namespace cv::mixmim
