#include "opencv2/mixmim/plugin.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "opencv2/mixmim/trainer.hpp"
#include "tests/support/expect_error.hpp"

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

TEST(Plugin, SaysWhatIsWrongWithIt) {
  const FaultCase cases[] = {
      {"no_entry", ": is not a MixMIM plugin, it has no symbol mixmimPlugin"},
      {"other_abi",
       ": expected plugin ABI 1, got 2; build the plugin and the program from the same version of MixMIM"},
      {"other_interface", ": expected a plugin with the interface mixmim.Trainer/1, got mixmim.Camera/1"},
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
  EXPECT_EQ(loadPlugin("fake_trainer", Trainer::kInterface).path, kFolder + "/fake_trainer.so");
  const std::vector<std::string> found = findPlugins();
  EXPECT_NE(std::find(found.begin(), found.end(), kFolder + "/fake_trainer.so"), found.end());
  unsetenv("MIXMIM_PLUGIN_PATH");
}

TEST(Plugin, TheSameNameIsLoadedOnce) {
  const std::string path = kFolder + "/fake_trainer.so";
  EXPECT_EQ(&loadPlugin(path, Trainer::kInterface), &loadPlugin(path, Trainer::kInterface));
}

}  // namespace
}  // namespace cv::mixmim
