#include "opencv2/mixmim/plugin.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "opencv2/mixmim/train/trainer.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

const std::string kFolder = MIXMIM_TEST_PLUGINS;

Config withTrainer(const std::string& plugin) {
  Config config;
  config.run.trainer = plugin;
  return config;
}

struct FaultCase {
  const char* plugin;
  std::string message;  // after the path
};

std::string otherSize(const char* what, size_t size) {
  return fmt::format(
      ": expected {} of {} bytes, got {}; build the plugin and the program from the same "
      "version of MixMIM",
      what, size, size + 8);
}

TEST(Plugin, SaysWhatIsWrongWithIt) {
  const FaultCase cases[] = {
      {"no_entry", ": is not a MixMIM plugin, it has no symbol mixmimPlugin"},
      {"other_abi",
       ": expected plugin ABI 4, got 12; build the plugin and the program from the same version of MixMIM"},
      {"other_size", otherSize("a plugin table", sizeof(PluginTable))},
      {"other_configSize", otherSize("a Config", sizeof(Config))},
      {"other_batchSize", otherSize("a Batch", sizeof(Batch))},
      {"other_answersSize", otherSize("Answers", sizeof(Answers))},
      {"other_interfaceSize", otherSize("an object of mixmim.Trainer/3", sizeof(Trainer))},
      {"no_table",
       ": the plugin gives no table; build the plugin and the program from the same version of MixMIM"},
      {"other_symbols", ": the plugin cannot be loaded: " + kFolder +
                            "/other_symbols.so: undefined symbol: "
                            "_ZN2cv6mixmim19tableOfAnotherBuildEv; build the plugin and the program from the "
                            "same version of MixMIM"},
      {"silent", ": the plugin creates nothing and gives no reason"},
      {"without_libtorch",
       ": the plugin cannot be loaded: libtorch_stub.so: cannot open shared object file: No such file or "
       "directory; LibTorch is looked for in " +
           kFolder +
           "/libtorch/torch/lib: mixmim-fetch-libtorch brings it there, or make libtorch/torch a link to "
           "your own"},
      {"other_interface", ": expected a plugin with the interface mixmim.Trainer/3, got mixmim.Camera/1"},
  };
  for (const FaultCase& c : cases) {
    SCOPED_TRACE(c.plugin);
    const std::string path = kFolder + "/" + c.plugin + ".so", message = path + c.message;
    MIXMIM_EXPECT_ERROR(createTrainer(withTrainer(path)), message.c_str());
  }
}

TEST(Plugin, PassesOnWhyItCannotCreate) {
  MIXMIM_EXPECT_ERROR(createTrainer(withTrainer(kFolder + "/throwing.so")), "throwing: out of ideas");
}

TEST(Plugin, SaysWhereItWasSearched) {
  setenv("MIXMIM_PLUGIN_PATH", "/nowhere:/elsewhere", 1);
  const std::vector<std::string> folders = pluginFolders();
  ASSERT_EQ(folders.size(), 3u);
  EXPECT_EQ(folders[0], "/nowhere");
  EXPECT_EQ(folders[1], "/elsewhere");
  const std::string message = "plugin missing: missing.so was not found in /nowhere, /elsewhere, " +
                              folders[2] + "; install it there, or name its folder in MIXMIM_PLUGIN_PATH";
  MIXMIM_EXPECT_ERROR(createTrainer(withTrainer("missing")), message.c_str());
  MIXMIM_EXPECT_ERROR(createTrainer(withTrainer("./missing.so")),
                      "./missing.so: there is no such plugin file");
  unsetenv("MIXMIM_PLUGIN_PATH");
}

TEST(Plugin, IsFoundByNameInTheNamedFolder) {
  setenv("MIXMIM_PLUGIN_PATH", kFolder.c_str(), 1);
  EXPECT_EQ(loadPlugin("fake_trainer", interfaceOf<Trainer>()).path, kFolder + "/fake_trainer.so");
  const std::vector<std::string> found = findPlugins();
  EXPECT_NE(std::find(found.begin(), found.end(), kFolder + "/fake_trainer.so"), found.end());
  unsetenv("MIXMIM_PLUGIN_PATH");
}

TEST(Plugin, ThatIsNoLibraryIsRefused) {
  const test::TempFolder folder;
  const std::string path = folder / "text.so";
  test::writeFile(path, std::string(1000, 'x'));
  try {
    loadPlugin(path, interfaceOf<Trainer>());
    ADD_FAILURE() << "a text was loaded";
  } catch (const Error& e) {
    const std::string message = e.what();
    EXPECT_EQ(message, path + ": the plugin cannot be loaded: " + path + ": invalid ELF header");
  }
}

TEST(Plugin, MayBeLoadedFromSeveralThreadsAtOnce) {
  std::vector<const Plugin*> loaded(8);
  std::vector<std::thread> threads;
  for (const Plugin*& plugin : loaded)
    threads.emplace_back(
        [&plugin] { plugin = &loadPlugin(kFolder + "/throwing.so", interfaceOf<Trainer>()); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<const Plugin*>(loaded.begin(), loaded.end()).size(), 1u);
}

TEST(Plugin, TheSameNameIsLoadedOnce) {
  const std::string path = kFolder + "/fake_trainer.so";
  EXPECT_EQ(&loadPlugin(path, interfaceOf<Trainer>()), &loadPlugin(path, interfaceOf<Trainer>()));
}

}  // namespace
}  // namespace cv::mixmim
