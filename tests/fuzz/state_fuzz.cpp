// Any text as the state.json of a checkpoint: an error or a state, nothing else; and a state survives writing
// and reading.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "model_io/checkpoints/checkpoint_state.hpp"
#include "opencv2/mixmim/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cv::mixmim;
  const std::string text(reinterpret_cast<const char*>(data), size);
  CheckpointInfo info;
  CheckpointMembers members;
  try {
    info = parseState(text, "fuzz", &members);
  } catch (const Error&) {
    return 0;
  }
  const std::string written = stateText(info, members);  // from here on, an error is a bug
  verifyStateText(written, "written");
  CheckpointMembers again;
  if (stateText(parseState(written, "written", &again), again) != written) std::abort();
  return 0;
}
