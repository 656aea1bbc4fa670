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
  ASSERT_GT(tree.count("modules/mixmim/include/opencv2/mixmim/train/batch.hpp"), 0u)
      << "the tree was not read";
  ASSERT_GT(includesOf(tree).size(), 100u) << "the include lines were not read";
  EXPECT_EQ(joined(brokenRules(tree)), "");
}

TEST(Layers, noFolderHoldsMoreThanAReaderTakesIn) {
  constexpr int kMost = 30;
  std::map<std::string, int> files;
  for (const auto& [file, text] : readTree(MIXMIM_SOURCE_DIR)) ++files[file.substr(0, file.rfind('/'))];
  for (const auto& [folder, number] : files) EXPECT_LE(number, kMost) << folder;
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

const char* const kBatch = "modules/mixmim/include/opencv2/mixmim/train/batch.hpp";

const Case kCases[] = {
    {"downIsFine",
     {{kBatch, "#include <opencv2/core.hpp>\n"},
      {"data_pipeline/include/data_pipeline/mix.hpp", "#include \"opencv2/mixmim/train/batch.hpp\"\n"},
      {"apps/mixmim/main.cpp",
       "#include \"data_pipeline/mix.hpp\"\n#include <fmt/format.h>\n#include <vector>\n"}},
     ""},
    {"commentsDoNotCount",
     {{"data_pipeline/mix.cpp", "// #include <torch/torch.h>\n/* #include <gtest/gtest.h> */\n"}},
     ""},
    {"upwards",
     {{kBatch, "\n\n#include \"data_pipeline/mix.hpp\"\n"},
      {"data_pipeline/include/data_pipeline/mix.hpp", ""}},
     "modules/mixmim/include/opencv2/mixmim/train/batch.hpp:3: include across a wall, modules/mixmim may "
     "include "
     "only itself, "
     "got \"data_pipeline/mix.hpp\"\n"},
    {"sideways",
     {{"data_pipeline/mix.cpp", "#include \"objectives/loss.hpp\"\n"},
      {"plugins/torch_trainer/objectives/loss.hpp", ""}},
     "data_pipeline/mix.cpp:1: include across a wall, data_pipeline may include modules, got "
     "\"objectives/loss.hpp\"\n"},
    {"aPluginIsIncludedByNobody",
     {{"apps/mixmim/main.cpp", "# include <objectives/loss.hpp>\n"},
      {"plugins/torch_trainer/objectives/loss.hpp", ""}},
     "apps/mixmim/main.cpp:1: include across a wall, apps may include modules, data_pipeline, got "
     "\"objectives/loss.hpp\"\n"},
    {"besideTheFileIsTheSameRoom",
     {{"modules/model_io/src/a.cpp", "#include \"b.hpp\"\n"}, {"modules/model_io/src/b.hpp", ""}},
     ""},
    {"torchAwayFromHome",
     {{"apps/mixmim/main.cpp", "#include <ATen/ATen.h>\n"}},
     "apps/mixmim/main.cpp:1: LibTorch away from home, expected in plugins/torch_trainer, "
     "tests/torch_trainer, "
     "tests/parity, tests/bench, got <ATen/ATen.h>\n"},
    {"dnnInTheTrainer",
     {{"plugins/torch_trainer/encoder.cpp", "#include <opencv2/dnn.hpp>\n"}},
     "plugins/torch_trainer/encoder.cpp:1: cv::dnn away from home, expected in plugins/dnn_network, "
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
     {{"plugins/torch_trainer/loss.cpp", "#include <torch/torch.h>\n#include \"text.hpp\"\n"},
      {"plugins/torch_trainer/text.hpp", "#include <fmt/format.h>\n"}},
     "plugins/torch_trainer/loss.cpp: sees LibTorch and fmt, expected one of them; LibTorch brings its own "
     "fmt\n"},
    {"circleOfFiles",
     {{"data_pipeline/flow/a.hpp", "#include \"flow/b.hpp\"\n"},
      {"data_pipeline/flow/b.hpp", "#include \"flow/c.hpp\"\n"},
      {"data_pipeline/flow/c.hpp", "#include \"flow/b.hpp\"\n"}},
     "include circle between files: data_pipeline/flow/b.hpp -> data_pipeline/flow/c.hpp -> "
     "data_pipeline/flow/b.hpp\n"},
    {"circleOfFolders",
     {{"apps/mixmim/run/a.hpp", "#include \"terminal/b.hpp\"\n"},
      {"apps/mixmim/terminal/b.hpp", ""},
      {"apps/mixmim/terminal/c.hpp", "#include \"run/d.hpp\"\n"},
      {"apps/mixmim/run/d.hpp", ""}},
     "include circle between folders: apps/mixmim/run -> apps/mixmim/terminal -> apps/mixmim/run\n"},
    {"aShownHeaderStandsWithItsSource",
     {{"data_pipeline/include/data_pipeline/decode.hpp", ""},
      {"data_pipeline/decode/decode.cpp", "#include \"sources/tar.hpp\"\n"},
      {"data_pipeline/sources/tar.hpp", "#include \"data_pipeline/decode.hpp\"\n"}},
     "include circle between folders: data_pipeline/decode -> data_pipeline/sources -> "
     "data_pipeline/decode\n"},
    {"aShownHeaderWithoutSourceStandsInTheFolderOfItsName",
     {{"modules/model_io/include/model_io/pytorch/pth.hpp", "#include \"model_io/files/zip.hpp\"\n"},
      {"modules/model_io/include/model_io/files/zip.hpp", ""},
      {"modules/model_io/src/pytorch/pth_file.cpp", "#include <vector>\n"},
      {"modules/model_io/src/files/zip.cpp", "#include \"model_io/pytorch/pth.hpp\"\n"}},
     "include circle between folders: modules/model_io/src/files -> modules/model_io/src/pytorch -> "
     "modules/model_io/src/files\n"},
    {"noRoom",
     {{"data_pipeline/a.hpp", "#include \"plugins/new/b.hpp\"\n"}, {"plugins/new/b.hpp", ""}},
     "data_pipeline/a.hpp:1: no room holds this file or plugins/new/b.hpp; give it one in "
     "tests/layers/rules.cpp\n"},
};

INSTANTIATE_TEST_SUITE_P(Layers, MadeUpTree, testing::ValuesIn(kCases),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace cv::mixmim::layers
