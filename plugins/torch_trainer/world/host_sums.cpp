#include "world/host_sums.hpp"

namespace cv::mixmim {

using Mark = DeviceQueues::Mark;
using Queue = DeviceQueues::Queue;

class HostSums::Running final : public Pending {
 public:
  Running(Place& place, std::shared_future<void> done) : place_(place), done_(std::move(done)) {}
  void wait() override {
    done_.get();
    place_.queues->waitFor(Mark::kSum, Queue::kCompute);
  }

 private:
  Place& place_;
  std::shared_future<void> done_;
};

HostSums::Place& HostSums::placeOf(const at::Tensor& flat) {
  Place& place = places_[flat.const_data_ptr()];
  if (!place.queues) {
    place.queues = makeQueues_();
    place.home = place.queues->pinned(flat.sizes(), flat.scalar_type());
  }
  return place;
}

std::unique_ptr<Pending> HostSums::addUp(const at::Tensor& flat) {
  Place& place = placeOf(flat);
  DeviceQueues& queues = *place.queues;
  queues.record(Mark::kSummand, Queue::kCompute);
  queues.waitFor(Mark::kSummand, Queue::kCopies);
  queues.copy(Queue::kCopies, place.home, flat);
  queues.record(Mark::kAtHome, Queue::kCopies);
  return std::make_unique<Running>(place, post_([this, &place, flat] {
                                     place.queues->hostWait(Mark::kAtHome);
                                     addUp_(place.home);
                                     place.queues->copy(Queue::kCopies, flat, place.home);
                                     place.queues->record(Mark::kSum, Queue::kCopies);
                                   }));
}

}  // namespace cv::mixmim
