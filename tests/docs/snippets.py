"""What stands around the C++, CMake and Python of the documents when a test compiles or runs it: one entry per block.

Each entry: document, the block's first words, what is written before it, what after it.
"""

CPP = [
    ("README.md", "#include <iostream>", "", ""),
    ("docs/deploy.md", "#include <iostream>", "", ""),
    (
        "docs/deploy.md",
        "auto classifier = cv::mixmim::Classifier::create",
        "#include <opencv2/mixmim.hpp>\nvoid use(const cv::Mat& frame, const std::vector<cv::Mat>& frames) {\n",
        "(void)best, (void)lists;\n}\n",
    ),
    (
        "docs/plugins.md",
        "void* create(const char* json",
        '#include "opencv2/mixmim/train/options.hpp"\n#include "opencv2/mixmim/plugin.hpp"\n'
        '#include "tests/support/fake_trainer/fake_trainer.hpp"\n'
        "using namespace cv::mixmim;\nusing MyTrainer = test::FakeTrainer;\n"
        "const char* describe();\nvoid destroy(void* object);\n",
        "",
    ),
    (
        "docs/plugins.md",
        "void* create(const char* json, char* error, size_t capacity) {\n  const auto make",
        '#include "opencv2/mixmim/plugin.hpp"\n#include "tests/support/fake_network/fake_network.hpp"\n'
        "using namespace cv::mixmim;\nusing MyNetwork = test::FakeNetwork;\n"
        "const char* describe();\nvoid destroy(void* object);\n",
        "",
    ),
]

# Pieces of this one, which tests/consumer builds.
CMAKE_WHOLE = ("README.md", "cmake_minimum_required")
CMAKE_PIECES = [("docs/deploy.md", "find_package(OpenCV")]

# `image`, `S` and the folder's model.onnx are there; without Python's cv2 the syntax alone is checked.
PYTHON = [
    ("README.md", "net = cv2.dnn.readNetFromONNX", "", "assert scores.shape == (1, 10)\n"),
    ("docs/deploy.md", "blob = cv2.dnn.blobFromImage", "", "assert blob.shape == (1, 3, S, S)\n"),
]
