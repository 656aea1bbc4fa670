#include "data_pipeline/cores.hpp"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

struct Case {
  const char* name;
  std::vector<std::pair<std::string, std::string>> files;
  double cores;
};

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

class CgroupCores : public testing::TestWithParam<Case> {};

TEST_P(CgroupCores, TightestQuota) {
  const test::TempFolder root;
  for (const auto& [path, content] : GetParam().files) test::writeFile(root / path, content);
  EXPECT_EQ(cgroupCores(root.path().string()), GetParam().cores);
}

const std::string kSelf = "proc/self/cgroup", kMount = "sys/fs/cgroup/";

INSTANTIATE_TEST_SUITE_P(
    Cores, CgroupCores,
    testing::Values(Case{"NoGroups", {}, kUnlimited},
                    Case{"NoLimit", {{kSelf, "0::/\n"}, {kMount + "cpu.max", "max 100000\n"}}, kUnlimited},
                    Case{"Container", {{kSelf, "0::/\n"}, {kMount + "cpu.max", "150000 100000\n"}}, 1.5},
                    Case{"GroupAbove",
                         {{kSelf, "0::/a/b\n"},
                          {kMount + "a/cpu.max", "300000 100000\n"},
                          {kMount + "a/b/cpu.max", "max 100000\n"}},
                         3},
                    Case{"VersionOne",
                         {{kSelf, "5:memory:/x\n3:cpu,cpuacct:/job\n"},
                          {kMount + "cpu/job/cpu.cfs_quota_us", "200000\n"},
                          {kMount + "cpu/job/cpu.cfs_period_us", "100000\n"}},
                         2},
                    Case{"VersionOneUnlimited",
                         {{kSelf, "3:cpu,cpuacct:/\n"},
                          {kMount + "cpu/cpu.cfs_quota_us", "-1\n"},
                          {kMount + "cpu/cpu.cfs_period_us", "100000\n"}},
                         kUnlimited},
                    Case{"Garbage",
                         {{kSelf, "::\nnothing\n0::relative\n"}, {kMount + "cpu.max", "many few\n"}},
                         kUnlimited}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Cores, AtLeastOneAndAsRequested) {
  EXPECT_GE(availableCores(), 1);
  EXPECT_EQ(workerCount(0), availableCores());
  EXPECT_EQ(workerCount(7), 7);
}

}  // namespace
}  // namespace cv::mixmim
