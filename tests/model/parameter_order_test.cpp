// The list of parameters against the reference's own: names, shapes, and the order in which its optimiser
// numbers them.
#include <boost/json.hpp>

#include <gtest/gtest.h>

#include "model/parameters.hpp"
#include "tests/model/reference_lists.hpp"

namespace cv::mixmim::test {
namespace {

template <class Wanted>
Names namesOf(Task task, Wanted wanted) {
  Names names;
  for (const Parameter& parameter : parameters(micro(), task))
    if (wanted(parameter)) names.push_back(parameter.name);
  return names;
}

TEST(ParameterOrder, NamesAndShapesAreTheReferences) {
  const boost::json::value file = golden("micro_pretrain.json");
  const boost::json::object& expected = file.at("weight_checks").as_object();
  const std::vector<Parameter> list = parameters(micro(), Task::kPretrain);
  ASSERT_EQ(list.size(), expected.size());
  size_t i = 0;
  for (const auto& entry : expected) {
    EXPECT_EQ(list[i].name, std::string(entry.key()));
    EXPECT_EQ(list[i].shape, boost::json::value_to<std::vector<int64_t>>(entry.value().at("shape")));
    ++i;
  }
}

TEST(ParameterOrder, PretrainingGroupsAreNumberedAsInTheReference) {
  const boost::json::value file = golden("micro_pretrain.json");
  const auto groups = boost::json::value_to<std::vector<Names>>(file.at("optimizer_order"));
  const auto isVector = [](const Parameter& p) { return p.trainable && p.shape.size() == 1; };
  const auto isMatrix = [](const Parameter& p) { return p.trainable && p.shape.size() > 1; };
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(namesOf(Task::kPretrain, isVector), groups[0]);  // without weight decay
  EXPECT_EQ(namesOf(Task::kPretrain, isMatrix), groups[1]);
}

TEST(ParameterOrder, FinetuningTrainsTheReferencesParameters) {
  const boost::json::value file = golden("micro_finetune.json");
  Names expected;
  for (const auto& entry : file.at("parameter_groups").as_object()) expected.emplace_back(entry.key());
  EXPECT_EQ(namesOf(Task::kFinetune, [](const Parameter& p) { return p.trainable; }), expected);
}

}  // namespace
}  // namespace cv::mixmim::test
