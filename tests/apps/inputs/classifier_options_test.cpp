#include "inputs/classifier_options.hpp"

#include <gtest/gtest.h>

#include <opencv2/dnn.hpp>

#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

CommandLine lineOf(const std::vector<std::string>& arguments) {
  CommandLine line("predict", "Does something.", "[OPTION...]", "mixmim predict");
  addThreadsOption(addClassifierOptions(line));
  EXPECT_TRUE(line.parse(arguments));
  return line;
}

ClassifierOptions optionsOf(const std::vector<std::string>& arguments) {
  return classifierOptionsOf(lineOf(arguments));
}

TEST(ClassifierOptions, AreTheClassifiersOwnWhenNoneIsGiven) {
  const ClassifierOptions options = optionsOf({}), defaults;
  EXPECT_EQ(options.fusedLayers, defaults.fusedLayers);
  EXPECT_EQ(options.int8, defaults.int8);
  EXPECT_EQ(options.flip, defaults.flip);
  EXPECT_EQ(options.backend, defaults.backend);
  EXPECT_EQ(options.target, defaults.target);
  EXPECT_EQ(options.engine, defaults.engine);
}

TEST(ClassifierOptions, FlagsSwitch) {
  EXPECT_FALSE(optionsOf({"--stock"}).fusedLayers);
  EXPECT_TRUE(optionsOf({"--int8"}).int8);
  EXPECT_TRUE(optionsOf({"--flip"}).flip);
}

TEST(ClassifierOptions, NamesMeanOpenCvsNumbers) {
  const std::pair<const char*, int> backends[] = {{"default", cv::dnn::DNN_BACKEND_DEFAULT},
                                                  {"opencv", cv::dnn::DNN_BACKEND_OPENCV},
                                                  {"openvino", cv::dnn::DNN_BACKEND_INFERENCE_ENGINE},
                                                  {"cuda", cv::dnn::DNN_BACKEND_CUDA},
                                                  {"8", 8}};
  for (const auto& [word, number] : backends) EXPECT_EQ(optionsOf({"--backend", word}).backend, number);
  const std::pair<const char*, int> targets[] = {{"cpu", cv::dnn::DNN_TARGET_CPU},
                                                 {"opencl", cv::dnn::DNN_TARGET_OPENCL},
                                                 {"opencl-fp16", cv::dnn::DNN_TARGET_OPENCL_FP16},
                                                 {"cuda", cv::dnn::DNN_TARGET_CUDA},
                                                 {"cuda-fp16", cv::dnn::DNN_TARGET_CUDA_FP16},
                                                 {"10", 10}};
  for (const auto& [word, number] : targets) EXPECT_EQ(optionsOf({"--target", word}).target, number);
#if CV_VERSION_MAJOR >= 5
  EXPECT_EQ(optionsOf({"--engine", "classic"}).engine, cv::dnn::ENGINE_CLASSIC);
  EXPECT_EQ(optionsOf({"--engine", "auto"}).engine, cv::dnn::ENGINE_AUTO);
#endif
  EXPECT_EQ(optionsOf({"--engine", "new"}).engine, 2);
}

TEST(ClassifierOptions, OtherWordsAreRefused) {
  MIXMIM_EXPECT_ERROR(optionsOf({"--backend", "tensorrt"}),
                      "--backend: expected one of default, opencv, openvino, cuda, or a number of "
                      "cv::dnn::Backend, got 'tensorrt'");
  MIXMIM_EXPECT_ERROR(optionsOf({"--target", "-1"}),
                      "--target: expected one of cpu, opencl, opencl-fp16, cuda, cuda-fp16, or a number of "
                      "cv::dnn::Target, got '-1'");
  MIXMIM_EXPECT_ERROR(optionsOf({"--engine", "2x"}),
                      "--engine: expected one of default, classic, new, auto, ort, or a number of "
                      "cv::dnn::EngineType, got '2x'");
}

TEST(ClassifierOptions, AreRefusedWhereNothingIsClassified) {
  refuseClassifierOptions(lineOf({}), "not here");
  for (const char* option : {"stock", "int8", "flip"}) {
    const std::string expected = std::string("--") + option + ": not here";
    MIXMIM_EXPECT_ERROR(refuseClassifierOptions(lineOf({std::string("--") + option}), "not here"),
                        expected.c_str());
  }
  MIXMIM_EXPECT_ERROR(refuseClassifierOptions(lineOf({"--engine", "new"}), "not here"), "--engine: not here");
}

TEST(ClassifierOptions, ThreadsAreBounded) {
  EXPECT_EQ(threadsOf(lineOf({})), 0);
  EXPECT_EQ(threadsOf(lineOf({"--threads", "3"})), 3);
  MIXMIM_EXPECT_ERROR(threadsOf(lineOf({"--threads", "2000"})),
                      "--threads: expected a whole number from 0 to 1024, got '2000'");
}

}  // namespace
}  // namespace cv::mixmim
