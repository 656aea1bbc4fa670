"""Runs exported models in another ONNX reader and compares its answers with those of the plain forward pass.

    python check_models.py MODELS READER [--model NAME] [--way WAY] [--json]

MODELS is a folder made by onnx_matrix_models, READER a name of readers.py. Prints the largest difference per model and batch,
relative to the largest number of an output where that is more than 1; exit code 1 above the tolerance. Models that the
reader is known not to load are left out, unless they are asked for by name. --json: one line per model and way.
"""
import argparse
import base64
import json
import pathlib
import sys

import numpy

import readers

TOLERANCE = {"fp32": 1e-4, "fp16": 5e-2}  # of scores; OpenCV before 4.9 is the least exact in fp32
BATCHES = (1, 2, 3, 1)  # on one session or network, which must forget the batch before


def onnxruntime_network(path, way, names):
    import onnx
    import onnxruntime

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    if model.SerializeToString() != path.read_bytes():
        raise SystemExit(f"{path}: protobuf would have written other bytes")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(blob):
        return session.run(names, {"image": blob})

    check_golden_pair(session.get_modelmeta().custom_metadata_map, run)
    return onnxruntime.__version__, run


def openvino_network(path, way, names):
    import openvino

    network = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(blob):
        answer = network({"image": blob})
        return [answer[name] for name in names]

    return openvino.__version__.split("-")[0], run


def opencv_network(path, way, names):
    import cv2

    engine = ()
    if way:  # OpenCV 5 renames one of its engines from release to release
        choices = {"classic": ["ENGINE_CLASSIC"], "new": ["ENGINE_NEW", "ENGINE_OPENCV"], "auto": ["ENGINE_AUTO"]}[way]
        engine = tuple(getattr(cv2.dnn, name) for name in choices if hasattr(cv2.dnn, name))[:1]
    net = cv2.dnn.readNetFromONNX(str(path), *engine)

    def run(blob):
        net.setInput(blob)
        return [net.forward(names[0])] if len(names) == 1 else list(net.forward(names))

    return cv2.__version__, run


def golden_answer(outputs):
    """The documented sample of a network's answer to one picture."""
    if outputs[0].ndim == 2:
        return outputs[0][0]
    samples = []
    for output in outputs:
        tokens = output[0].reshape(output.shape[1], -1)
        samples += [tokens[c, c * tokens.shape[1] // tokens.shape[0]] for c in range(tokens.shape[0])]
    return numpy.array(samples)


def check_golden_pair(metadata, run):
    """The test picture that travels with the model, replayed by somebody who knows only the metadata."""
    size = json.loads(metadata["mixmim.inputSize"])
    rows, columns = size if isinstance(size, list) else (size, size)
    squares = numpy.frombuffer(base64.b64decode(metadata["mixmim.goldenInput"]), numpy.uint8)
    side = round((rows * columns * 3 / len(squares)) ** 0.5)
    picture = squares.reshape(rows // side, columns // side, 3).repeat(side, 0).repeat(side, 1)
    answer, expected = golden_answer(run(blob_of(picture[None]))), numpy.array(json.loads(metadata["mixmim.goldenOutput"]))
    difference = relative_difference(answer, expected)
    if not difference < TOLERANCE[metadata["mixmim.weights"]]:
        raise SystemExit(f"golden pair: answers differ by {difference:.1e}")


def blob_of(pictures):
    """N x H x W x 3 bytes to N x 3 x H x W floats, as blobFromImages does without scale, mean or swap."""
    return numpy.ascontiguousarray(pictures.transpose(0, 3, 1, 2), dtype=numpy.float32)


def relative_difference(answer, expected):
    if answer.shape != expected.shape:
        raise SystemExit(f"expected an answer of {expected.shape} numbers, got {answer.shape}")
    return float(abs(answer - expected).max() / max(1, abs(expected).max()))  # a NaN stays one


def check(folder, model, reader, way):
    """The version of the reader and the largest difference per batch."""
    network = {"onnxruntime": onnxruntime_network, "openvino": openvino_network}.get(reader.name, opencv_network)
    count = model["pictures"]
    pictures = numpy.fromfile(folder / model["picturesFile"], numpy.uint8).reshape(count, *model["size"], 3)
    expected = [numpy.fromfile(folder / output["file"], numpy.float64).reshape(count, *output["shape"])
                for output in model["outputs"]]
    version, run = network(folder / (model["name"] + ".onnx"), way, [output["name"] for output in model["outputs"]])
    differences = []
    for batch in BATCHES:
        answers = run(blob_of(pictures[:batch]))
        differences.append(float(numpy.max([relative_difference(a, e[:batch]) for a, e in zip(answers, expected)])))
    return version, differences


def main(arguments):
    reader = next(r for r in readers.TESTED + readers.MATRIX if r.name == arguments.reader)
    failed = 0
    for model in json.loads((arguments.models / "models.json").read_text()):
        if arguments.model not in (None, model["name"]):
            continue
        if arguments.model is None and reader.unreadable(model):
            continue
        for way in reader.ways if arguments.way is None else (arguments.way,):
            version, differences = check(arguments.models, model, reader, way)
            good = numpy.max(differences) < TOLERANCE[model["weights"]]
            failed += not good
            if arguments.json:
                print(json.dumps({"differences": differences, "good": bool(good)}))
                continue
            title = f"{reader.kind} {version} {way}"
            numbers = " ".join(f"batch {b}: {d:.1e} " for b, d in zip(BATCHES, differences))
            print(f"{title:22} {model['name']:34} {numbers}{'' if good else ' ABOVE THE TOLERANCE'}")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("models", type=pathlib.Path)
    parser.add_argument("reader")
    parser.add_argument("--model")
    parser.add_argument("--way")
    parser.add_argument("--json", action="store_true")
    sys.exit(main(parser.parse_args()))
