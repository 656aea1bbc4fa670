#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

namespace {

class Alone final : public World {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::future<uint32_t> agree(uint32_t bits) override {
    std::promise<uint32_t> answer;
    answer.set_value(bits);
    return answer.get_future();
  }
  void sum(std::vector<double>&) override {}
  void broadcast(cv::Mat&) override {}
  std::vector<std::string> gather(const std::string& text) override { return {text}; }
  Traffic traffic() const override { return {}; }
  void fail(const std::string&) noexcept override {}
  void leave() override {}
};

}  // namespace

std::shared_ptr<World> aloneInTheWorld() {
  return std::make_shared<Alone>();
}

}  // namespace cv::mixmim
