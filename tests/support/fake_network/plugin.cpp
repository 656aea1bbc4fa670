// The entry of a plugin: one exported function that returns a table. Nothing else is visible, and no
// exception gets out.
#include "opencv2/mixmim/plugin.hpp"

#include "tests/support/fake_network/fake_network.hpp"

namespace cv::mixmim::test {
namespace {

const char* describe() {
  return R"({"version": "0.1.0", "devices": ["cpu"]})";
}

void* create(const char* json, char* error, size_t errorCapacity) {
  const auto make = [&] {
    const NetworkRequest request = networkRequestFrom(json);
    return std::make_unique<FakeNetwork>(request.path, request.options);
  };
  return createAtBorder<Network>(make, error, errorCapacity);
}

void destroy(void* object) {
  delete static_cast<Network*>(object);
}

constexpr PluginTable kTable = tableOf<Network>(describe, create, destroy);

}  // namespace
}  // namespace cv::mixmim::test

extern "C" CV_EXPORTS const cv::mixmim::PluginTable* mixmimPlugin() {
  return &cv::mixmim::test::kTable;
}
