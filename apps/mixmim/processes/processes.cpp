#include "processes/processes.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "data_pipeline/cores.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/plugin.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

/// GPUs that the trainer of this process finds. The environment does not tell, because containers hide others
/// without it.
int visibleGpus(const Config& config) {
  const Plugin& trainer = loadPlugin(config.run.trainer, interfaceOf<Trainer>());
  const boost::json::value about = parseJson(trainer.table->describe(), trainer.path);
  const boost::json::array& devices = about.at("devices").as_array();
  return static_cast<int>(std::count_if(devices.begin(), devices.end(), [](const boost::json::value& device) {
    return startsWith(std::string(device.as_string()), "cuda:");
  }));
}

/// Settings that have to be the same in all processes, a line each.
std::string sharedSettings(Config config) {
  std::string text;
  for (const Option& option : options(config))
    if (!option.is(Scope::kDiffersPerProcess)) text += option.name + " = " + option.get() + "\n";
  return text;
}

/// The first line in which two texts of lines differ.
std::string firstDifference(const std::string& a, const std::string& b) {
  const size_t at =
      static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  const size_t begin = a.rfind('\n', at == 0 ? 0 : at - 1) + 1;
  return a.substr(begin, a.find('\n', begin) - begin);
}

}  // namespace

void takeOwnShare(Config& config, const Launch& launch) {
  if (launch.size == 1) return;
  if (config.run.threads == 0) config.run.threads = std::max(1, availableCores() / launch.sharing);
  if (config.run.device != "cuda") return;
  const int gpus = visibleGpus(config);
  if (gpus > 0) config.run.device = fmt::format("cuda:{}", launch.localRank % gpus);
}

std::shared_ptr<World> joinOthers(Trainer& trainer, const Launch& launch) {
  return launch.size == 1 ? aloneInTheWorld() : trainer.join(launch);
}

void checkAllAlike(World& world, const Config& config, const std::string& fingerprint) {
  const std::vector<std::string> settings = world.gather(sharedSettings(config)),
                                 data = world.gather(fingerprint);
  for (size_t rank = 1; rank < settings.size(); ++rank) {
    if (settings[rank] != settings[0])
      throw Error(fmt::format("process {}", rank),
                  fmt::format("expected the settings of process 0, got '{}'",
                              firstDifference(settings[rank], settings[0])),
                  "start all processes of a run with the same options");
    if (data[rank] != data[0])
      throw Error(fmt::format("process {}", rank),
                  "has other training images than process 0: other files, sizes or labels",
                  "every machine needs the whole data set, or a path to a shared one");
  }
}

void copyFromFirst(World& world, Trainer& trainer) {
  if (world.size() == 1) return;
  TrainerState state = trainer.state();
  for (TensorMap* map : {&state.weights, &state.optimizer})
    for (auto& [name, tensor] : *map) {
      if (world.rank() > 0) tensor.bytes = tensor.bytes.clone();  // not the memory that will be restored
      world.broadcast(tensor.bytes);
    }
  if (world.rank() > 0) trainer.restore(state);
}

Quiet::Quiet(bool quiet) {
  if (quiet) heard_ = std::cerr.rdbuf(nullptr);
}

Quiet::~Quiet() {
  if (!heard_) return;
  std::cerr.rdbuf(heard_);
  std::cerr.clear();
}

void tellLauncher(const std::string& reason) {
  const char* path = std::getenv("TORCHELASTIC_ERROR_FILE");
  if (!path) return;
  const boost::json::object extra{{"py_callstack", ""}, {"timestamp", std::to_string(std::time(nullptr))}};
  const boost::json::object message{{"message", reason}, {"extraInfo", extra}};
  std::ofstream(path) << jsonText(boost::json::object{{"message", message}});
}

}  // namespace cv::mixmim
