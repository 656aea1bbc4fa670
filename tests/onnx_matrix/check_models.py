"""Runs exported models in another ONNX reader and compares its scores with those of the plain forward pass.

    python check_models.py MODELS onnxruntime|opencv4|opencv5

MODELS is a folder made by onnx_matrix_models. Prints the largest difference per model; exit code 1 above the tolerance.
"""
import base64
import json
import pathlib
import sys

import numpy

TOLERANCE = 1e-4  # scores have a standard deviation of about 0.5; OpenCV before 4.9 is the least exact
BATCHES = (1, 2, 3, 1)  # on one session or network, which must forget the batch before


def onnxruntime_readers(path):
    import onnx
    import onnxruntime

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    if model.SerializeToString() != path.read_bytes():
        raise SystemExit(f"{path}: protobuf would have written other bytes")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(blob):
        return session.run(["logits"], {"image": blob})[0]

    check_golden_pair(session.get_modelmeta().custom_metadata_map, run)
    yield f"onnxruntime {onnxruntime.__version__}", run


def check_golden_pair(metadata, run):
    """The test picture that travels with the model, replayed by somebody who knows only the metadata."""
    size = json.loads(metadata["mixmim.inputSize"])
    squares = numpy.frombuffer(base64.b64decode(metadata["mixmim.goldenInput"]), numpy.uint8)
    side = round((len(squares) // 3) ** 0.5)
    picture = squares.reshape(side, side, 3).repeat(size // side, 0).repeat(size // side, 1)
    difference = abs(run(blob_of(picture[None]))[0] - json.loads(metadata["mixmim.goldenOutput"])).max()
    if not difference < TOLERANCE:
        raise SystemExit(f"golden pair: scores differ by {difference:.1e}")


def opencv_readers(path):
    import cv2

    engines = {"": ()}
    if hasattr(cv2.dnn, "ENGINE_CLASSIC"):
        new = getattr(cv2.dnn, "ENGINE_NEW", None) or cv2.dnn.ENGINE_OPENCV
        engines = {" classic": (cv2.dnn.ENGINE_CLASSIC,), " new": (new,), " auto": (cv2.dnn.ENGINE_AUTO,)}
    for name, engine in engines.items():
        net = cv2.dnn.readNetFromONNX(str(path), *engine)

        def run(blob):
            net.setInput(blob)
            return net.forward("logits")

        yield f"OpenCV {cv2.__version__}{name}", run


def blob_of(pictures):
    """N x S x S x 3 bytes to N x 3 x S x S floats, as blobFromImages does without scale, mean or swap."""
    return numpy.ascontiguousarray(pictures.transpose(0, 3, 1, 2), dtype=numpy.float32)


def largest_differences(run, pictures, expected):
    for batch in BATCHES:
        scores = run(blob_of(pictures[:batch]))
        if scores.shape != (batch, expected.shape[1]):
            raise SystemExit(f"expected {batch} x {expected.shape[1]} scores, got {scores.shape}")
        yield abs(scores - expected[:batch]).max()


def main(folder, reader):
    readers = {"onnxruntime": onnxruntime_readers, "opencv4": opencv_readers, "opencv5": opencv_readers}[reader]
    worst = 0.0
    for model in json.loads((folder / "models.json").read_text()):
        name, size, count, classes = model["name"], model["size"], model["pictures"], model["classes"]
        pictures = numpy.fromfile(folder / f"{name}.pictures", numpy.uint8).reshape(count, size, size, 3)
        expected = numpy.fromfile(folder / f"{name}.scores", numpy.float64).reshape(count, classes)
        for title, run in readers(folder / f"{name}.onnx"):
            differences = list(largest_differences(run, pictures, expected))
            print(f"{title:28} {name:18}", *(f"batch {b}: {d:.1e} " for b, d in zip(BATCHES, differences)))
            worst = float(numpy.max([worst, *differences]))  # a NaN stays one, and fails below
    print(f"largest difference {worst:.1e}, tolerance {TOLERANCE:.0e}")
    return 0 if worst < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
