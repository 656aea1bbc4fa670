// The walls of the house stand, and would be seen to fall.
#include <gtest/gtest.h>

#include "tests/layers/rules.hpp"

namespace cv::mixmim::layers {
namespace {

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "\n";
  return text;
}

TEST(Layers, thisTreeKeepsEveryRule) {
  const Tree tree = readTree(MIXMIM_SOURCE_DIR);
  ASSERT_GT(tree.count("modules/mixmim/include/opencv2/mixmim/batch.hpp"), 0u) << "the tree was not read";
  ASSERT_GT(includesOf(tree).size(), 100u) << "the include lines were not read";
  EXPECT_EQ(joined(brokenRules(tree)), "");
}

TEST(Layers, everyFolderHasARoomThatExists) {
  const Tree tree = readTree(MIXMIM_SOURCE_DIR);
  for (const Room& room : rooms()) {
    const auto first = tree.lower_bound(room.folder + "/");
    EXPECT_TRUE(first != tree.end() && first->first.compare(0, room.folder.size(), room.folder) == 0)
        << room.folder << " has a rule but no file";
  }
}

struct Case {
  const char* name;
  Tree tree;
  const char* broken;
};

class MadeUpTree : public testing::TestWithParam<Case> {};

TEST_P(MadeUpTree, breaksExactlyTheseRules) {
  EXPECT_EQ(joined(brokenRules(GetParam().tree)), GetParam().broken);
}

const char* const kBatch = "modules/mixmim/include/opencv2/mixmim/batch.hpp";

const Case kCases[] = {
    {"downIsFine",
     {{kBatch, "#include <opencv2/core.hpp>\n"},
      {"data_pipeline/mix.hpp", "#include \"opencv2/mixmim/batch.hpp\"\n"},
      {"apps/mixmim/main.cpp",
       "#include \"data_pipeline/mix.hpp\"\n#include <fmt/format.h>\n#include <vector>\n"}},
     ""},
    {"commentsDoNotCount",
     {{"data_pipeline/mix.cpp", "// #include <torch/torch.h>\n/* #include <gtest/gtest.h> */\n"}},
     ""},
    {"upwards",
     {{kBatch, "\n\n#include \"data_pipeline/mix.hpp\"\n"}, {"data_pipeline/mix.hpp", ""}},
     "modules/mixmim/include/opencv2/mixmim/batch.hpp:3: include across a wall, modules/mixmim may include "
     "only itself, "
     "got \"data_pipeline/mix.hpp\"\n"},
    {"sideways",
     {{"data_pipeline/mix.cpp", "#include \"plugins/torch_trainer/loss.hpp\"\n"},
      {"plugins/torch_trainer/loss.hpp", ""}},
     "data_pipeline/mix.cpp:1: include across a wall, data_pipeline may include modules, got "
     "\"plugins/torch_trainer/loss.hpp\"\n"},
    {"aPluginIsIncludedByNobody",
     {{"apps/mixmim/main.cpp", "# include <plugins/torch_trainer/loss.hpp>\n"},
      {"plugins/torch_trainer/loss.hpp", ""}},
     "apps/mixmim/main.cpp:1: include across a wall, apps may include modules, data_pipeline, got "
     "\"plugins/torch_trainer/loss.hpp\"\n"},
    {"besideTheFileIsTheSameRoom",
     {{"modules/model_io/src/a.cpp", "#include \"b.hpp\"\n"}, {"modules/model_io/src/b.hpp", ""}},
     ""},
    {"torchAwayFromHome",
     {{"apps/mixmim/main.cpp", "#include <ATen/ATen.h>\n"}},
     "apps/mixmim/main.cpp:1: LibTorch away from home, expected in plugins/torch_trainer, "
     "tests/torch_trainer, "
     "tests/parity, got <ATen/ATen.h>\n"},
    {"dnnInTheTrainer",
     {{"plugins/torch_trainer/encoder.cpp", "#include <opencv2/dnn.hpp>\n"}},
     "plugins/torch_trainer/encoder.cpp:1: cv::dnn away from home, expected in plugins/dnn_classifier, "
     "tests, got "
     "<opencv2/dnn.hpp>\n"},
    {"unknownDependency",
     {{"apps/mixmim/main.cpp", "#include <Eigen/Dense>\n"}},
     "apps/mixmim/main.cpp:1: unknown header, expected one of the tree or of a known dependency, got "
     "<Eigen/Dense>; a new "
     "dependency gets its home in tests/layers/rules.cpp\n"},
    {"misspeltHeader",
     {{"data_pipeline/a.cpp", "#include <sys/stat.h>\n#include <fcntl.h>\n#include \"b.hpp\"\n"}},
     "data_pipeline/a.cpp:3: unknown header, expected one of the tree or of a known dependency, got <b.hpp>; "
     "a new "
     "dependency gets its home in tests/layers/rules.cpp\n"},
    {"fmtReachedThroughAHeaderMeetsTorch",
     {{"plugins/torch_trainer/loss.cpp",
       "#include <torch/torch.h>\n#include \"plugins/torch_trainer/text.hpp\"\n"},
      {"plugins/torch_trainer/text.hpp", "#include <fmt/format.h>\n"}},
     "plugins/torch_trainer/loss.cpp: sees LibTorch and fmt, expected one of them; LibTorch brings its own "
     "fmt\n"},
    {"circleOfFiles",
     {{"data_pipeline/a.hpp", "#include \"data_pipeline/b.hpp\"\n"},
      {"data_pipeline/b.hpp", "#include \"data_pipeline/c.hpp\"\n"},
      {"data_pipeline/c.hpp", "#include \"data_pipeline/b.hpp\"\n"}},
     "include circle between files: data_pipeline/b.hpp -> data_pipeline/c.hpp -> data_pipeline/b.hpp\n"},
    {"circleOfFolders",
     {{"apps/mixmim/a.hpp", "#include \"apps/samples/b.hpp\"\n"},
      {"apps/samples/b.hpp", ""},
      {"apps/samples/c.hpp", "#include \"apps/mixmim/d.hpp\"\n"},
      {"apps/mixmim/d.hpp", ""}},
     "include circle between folders: apps/mixmim -> apps/samples -> apps/mixmim\n"},
    {"noRoom",
     {{"data_pipeline/a.hpp", "#include \"plugins/new/b.hpp\"\n"}, {"plugins/new/b.hpp", ""}},
     "data_pipeline/a.hpp:1: no room holds this file or plugins/new/b.hpp; give it one in "
     "tests/layers/rules.cpp\n"},
};

INSTANTIATE_TEST_SUITE_P(Layers, MadeUpTree, testing::ValuesIn(kCases),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace cv::mixmim::layers
