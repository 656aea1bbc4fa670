// Any bytes as a .pth file, or as the pickle inside one: an error, or values whose tensors are no larger than
// the file allows; nothing else.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/support/pth_builder.hpp"

namespace {

using namespace cv::mixmim;

constexpr uint64_t kMostSharing = 4;

/// Bytes of all tensors that can be reached, each once.
uint64_t readTensors(const PthFile& file, PthValue value, std::set<PthValue>& seen) {
  constexpr size_t kEnough = 10000;  // and no deeper than that: containers can hold themselves
  if (seen.size() > kEnough || !seen.insert(value).second) return 0;
  uint64_t bytes = 0;
  if (const auto* tensor = value->as<PthTensor>()) bytes += file.tensor(*tensor).bytes.total();
  if (const auto* list = value->as<PthList>())
    for (const PthValue item : list->items) bytes += readTensors(file, item, seen);
  if (const auto* dict = value->as<PthDict>())
    for (const auto& [key, item] : dict->items)
      bytes += readTensors(file, key, seen) + readTensors(file, item, seen);
  return bytes;
}

void readValues(const std::string& bytes) {
  const PthFile file(bytes, "fuzz");
  std::set<PthValue> seen;
  if (readTensors(file, file.root(), seen) > kMostSharing * bytes.size()) std::abort();
  for (const PthValue value : seen) describe(value);
}

void readModel(const std::string& bytes) {
  const ForeignCheckpoint checkpoint{PthFile(bytes, "fuzz")};
  checkpoint.notes();
  checkpoint.source();
  checkpoint.weights();
  checkpoint.info(/*headDim=*/1);
  checkpoint.info();
  checkpoint.state();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  constexpr size_t kStorageBytes = 64;
  const bool whole = input.compare(0, 2, "PK") == 0 || input.compare(0, 3, "\x80\x02\x8a") == 0;
  const std::string storage(kStorageBytes, '\1');
  const std::vector<std::string> wrapped{test::pthOf(input, storage),
                                         test::legacyOf(input, {{"0", storage}})};
  for (const std::string& file : whole ? std::vector<std::string>{input} : wrapped)
    for (void (*read)(const std::string&) : {readValues, readModel}) {
      try {
        read(file);
      } catch (const Error&) {
      }
    }
  return 0;
}
