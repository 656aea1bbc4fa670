#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "data_pipeline/source.hpp"
#include "data_sets/shard_writer.hpp"
#include "inputs/data_source.hpp"
#include "opencv2/mixmim/json.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/progress.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

namespace fs = std::filesystem;

/// "1G", "500M", "64k" or bytes.
int64_t sizeOf(const std::string& text) {
  constexpr int64_t kSmallest = 64000, kLargest = int64_t{1} << 40;
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(rest, text.data() + text.size());
  const double factor = unit.empty()                 ? 1
                        : unit == "k" || unit == "K" ? 1e3
                        : unit == "M"                ? 1e6
                        : unit == "G"                ? 1e9
                                                     : 0;
  const double bytes = number * factor;
  if (error != std::errc() || !(bytes >= kSmallest && bytes <= kLargest))
    throw UsageError(fmt::format("--shard-size: expected 64k to 1000G, got '{}'", text));
  return static_cast<int64_t>(bytes);
}

/// An empty or new folder: packing never mixes its shards with others.
void prepareFolder(const fs::path& out) {
  fs::create_directories(out);
  if (!fs::is_empty(out))
    throw Error(out.string(), "expected an empty folder",
                "packing never overwrites; remove it or give another --out");
}

CommandLine commandLine(const Arguments&) {
  CommandLine line(
      "pack",
      "Packs a folder of images into tar shards with an index (WebDataset): few large files, which disks and "
      "networks like better than many small ones. The images stay as they are, in their order.",
      "--data DIR --out DIR [OPTION...]", "mixmim pack --data photos/train --out shards --shard-size 500M");
  line.option("out", "New or empty folder for NAME-000000.tar, NAME-000000.idx, ...")
      .option("shard-size", "Largest size of a shard: bytes, or with k, M or G.", "1G")
      .option("name", "How the shards are called.", "shard")
      .flag("json", "Print the result as one JSON object.")
      .settings(Task::kPretrain, {"data.train", "data.root", "data.imagesPerClass"});
  return line;
}

int run(const CommandLine& line) {
  const std::string out = line.required("out"), name = line.get("name");
  const int64_t shardBytes = sizeOf(line.get("shard-size"));
  const Config config = line.config();
  if (config.data.train.empty())
    throw UsageError("mixmim pack: --data is needed; `mixmim pack --help` explains it");
  catchInterrupts();
  const auto source = openTrainingData(config.data, Classes::kShown);
  if (source->hasSeveralLabels())
    throw Error(config.data.train, "has several labels per picture, which shards have no place for",
                "use the list itself as --data");
  prepareFolder(out);

  ShardWriter writer(out, name, shardBytes);
  Progress progress("pack", source->size());
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < source->size(); ++i) {
    if (interruptSignal() != 0) return interruptExitCode();
    source->read(i, bytes);
    writer.add(source->name(i), bytes, source->label(i));
    progress.count(i + 1, "images");
  }
  writer.finish();
  progress.end();
  const std::string list = writer.shards() == 1
                               ? fmt::format("{}/{}-000000.tar", out, name)
                               : fmt::format("{}/{}-{{000000..{:06}}}.tar", out, name, writer.shards() - 1);
  if (line.has("json"))
    std::cout << jsonText(boost::json::object{{"images", source->size()},
                                              {"shards", writer.shards()},
                                              {"bytes", writer.bytes()},
                                              {"data", list}})
              << '\n';
  else
    std::cout << fmt::format("{} images in {} shards, {:.1f} MB; use them with --data '{}'\n", source->size(),
                             writer.shards(), static_cast<double>(writer.bytes()) / 1e6, list);
  return kDone;
}

}  // namespace

Verb packVerb() {
  return {"pack", "pack a folder of images into tar shards", commandLine, run};
}

}  // namespace cv::mixmim
