// A name of cv::mixmim means one type.
#include "tests/layers/types.hpp"

#include <gtest/gtest.h>

namespace cv::mixmim::layers {
namespace {

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "\n";
  return text;
}

TEST(Types, haveANameEachInThisTree) {
  const Tree tree = readTree(MIXMIM_SOURCE_DIR);
  const auto types = typesOf(tree);
  ASSERT_GT(types.count("cv::mixmim::Classifier"), 0u) << "the types were not read";
  ASSERT_GT(types.size(), 150u) << "the types were not read";
  EXPECT_EQ(joined(typesDefinedTwice(tree)), "");
}

struct Text {
  const char* name;
  const char* text;
  const char* types;  ///< each followed by a line end, in the order of the alphabet
};

class TextWithTypes : public testing::TestWithParam<Text> {};

TEST_P(TextWithTypes, hasExactlyThese) {
  std::vector<std::string> names;
  for (const auto& [name, files] : typesOf({{"a.hpp", GetParam().text}})) names.push_back(name);
  EXPECT_EQ(joined(names), GetParam().types);
}

const Text kTexts[] = {
    {"everyKind", "struct A {}; class B {}; union C {}; enum D {}; enum class E : int {};",
     "A\nB\nC\nD\nE\n"},
    {"bases", "class A final : public B<C>, private D { int b; };", "A\n"},
    {"whatStandsBeforeTheName",
     "struct alignas(64) A {}; class CV_EXPORTS B {}; template <class T, int = 1> struct C {};", "A\nB\nC\n"},
    {"declarations", "struct A; class B; enum class C : int; struct D* d();", ""},
    {"functions", "struct A f() { return {}; } template <class T> void g(T) { struct B {}; }", ""},
    {"namespaces", "namespace a { namespace b::c { struct A {}; } struct B {}; }", "a::B\na::b::c::A\n"},
    {"unnamedNamespaces", "namespace a { namespace { struct A {}; } }  namespace { struct B {}; }", ""},
    {"insideOfTypes", "struct A { struct B {}; enum { kC }; }; struct A::D {};", "A\nA::D\n"},
    {"inertText",
     "// struct A {\n/* struct B { */ #define C {\n #define D struct E {\nconst char* f = \"{\"; char g = "
     "'{';\n"
     "int h = 1'000'000; auto i = R\"({ struct J {)\"; struct K {};",
     "K\n"},
};

INSTANTIATE_TEST_SUITE_P(Types, TextWithTypes, testing::ValuesIn(kTexts),
                         [](const auto& instance) { return std::string(instance.param.name); });

struct Case {
  const char* name;
  Tree tree;
  const char* broken;
};

class MadeUpTypes : public testing::TestWithParam<Case> {};

TEST_P(MadeUpTypes, breakExactlyTheseRules) {
  EXPECT_EQ(joined(typesDefinedTwice(GetParam().tree)), GetParam().broken);
}

const char* const kLinear = "namespace cv::mixmim {\nstruct Linear {};\n}\n";

const Case kCases[] = {
    {"inTwoRooms",
     {{"modules/model_io/src/a.hpp", kLinear}, {"plugins/torch_trainer/b.hpp", kLinear}},
     "cv::mixmim::Linear: defined twice, expected one type of a name, got modules/model_io/src/a.hpp and "
     "plugins/torch_trainer/b.hpp\n"},
    {"inTwoFilesOfOneRoom",
     {{"apps/mixmim/a.cpp", kLinear}, {"apps/mixmim/b.cpp", kLinear}},
     "cv::mixmim::Linear: defined twice, expected one type of a name, got apps/mixmim/a.cpp and "
     "apps/mixmim/b.cpp\n"},
    {"forProcessorsInOneFile",
     {{"apps/a.hpp", "namespace cv::mixmim {\n#if X\nstruct A {};\n#else\nstruct A {};\n#endif\n}\n"}},
     ""},
    {"declaredElsewhere",
     {{"apps/a.hpp", kLinear}, {"apps/b.hpp", "namespace cv::mixmim {\nstruct Linear;\n}\n"}},
     ""},
    {"inAnInnerNamespace",
     {{"apps/a.hpp", kLinear}, {"apps/b.hpp", "namespace cv::mixmim::fused {\nstruct Linear {};\n}\n"}},
     ""},
    {"twiceInAnInnerNamespace",
     {{"apps/a.hpp", "namespace cv::mixmim::fused {\nenum class A {};\n}\n"},
      {"apps/b.hpp", "namespace cv::mixmim {\nnamespace fused {\nstruct A {};\n}\n}\n"}},
     "cv::mixmim::fused::A: defined twice, expected one type of a name, got apps/a.hpp and apps/b.hpp\n"},
    {"unnamed",
     {{"apps/a.cpp", kLinear},
      {"apps/b.cpp", "namespace cv::mixmim {\nnamespace {\nstruct Linear {};\n}}\n"}},
     ""},
    {"inATest", {{"apps/a.cpp", kLinear}, {"tests/apps/b.cpp", kLinear}}, ""},
    {"ofSomeoneElse", {{"apps/a.cpp", "struct A {};\n"}, {"apps/b.cpp", "struct A {};\n"}}, ""},
};

INSTANTIATE_TEST_SUITE_P(Types, MadeUpTypes, testing::ValuesIn(kCases),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace cv::mixmim::layers
