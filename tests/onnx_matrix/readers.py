"""The ONNX readers our models are compared in: which packages, which ways to run a model, what they are known not to do."""

ENGINES_5 = ("classic", "new", "auto")  # the fourth, ONNX Runtime inside OpenCV, is not in the wheels

OPENCV = (  # the last release of each version
    "4.5.4.60", "4.5.5.64", "4.6.0.66", "4.7.0.72", "4.8.1.78", "4.9.0.80", "4.10.0.84", "4.11.0.86", "4.12.0.88",
    "4.13.0.92", "4.14.0.94", "5.0.0.93")


def number(version):
    return tuple(int(part) for part in version.split("."))


class Reader:
    """`name` is that of its environment, the first requirement the package; `ways` are the engines of one release."""

    def __init__(self, name, kind, requirements, ways=("",), unreadable=lambda model: None):
        self.name, self.kind, self.requirements, self.ways = name, kind, requirements, ways
        self.unreadable = unreadable  # a model's entry in models.json -> why it is known not to load, or None


def opencv_reader(release):
    version = number(release)

    def unreadable(model):
        if model["opset"] > 9 and version < (4, 5, 5):
            return "has no Erf"
        if model["weights"] == "fp16" and version < (4, 7):
            return "has no Cast of constants"
        return None

    short = ".".join(release.split(".")[:3])
    numpy = "numpy<2" if version < (4, 10, 0, 84) else "numpy"
    return Reader("opencv-" + short, "OpenCV", ["opencv-python-headless==" + release, numpy],
                  ENGINES_5 if version >= (5,) else ("",), unreadable)


# For the tests: the newest of each kind, all under 200 MB.
TESTED = [
    Reader("onnxruntime", "onnxruntime", ["onnxruntime>=1.17,<2", "onnx>=1.15,<2"]),
    Reader("opencv4", "OpenCV", ["opencv-python-headless>=4.10,<5"]),
    Reader("opencv5", "OpenCV", ["opencv-python-headless>=5,<6"], ENGINES_5),
]

# For the matrix: every release of docs/deploy.md's table.
MATRIX = [opencv_reader(release) for release in OPENCV] + [
    TESTED[0],
    Reader("openvino", "OpenVINO", ["openvino>=2024"]),
]
