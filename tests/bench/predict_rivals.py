"""predict_rivals.py onnxruntime|openvino MODEL BATCH THREADS SECONDS: one measurement of forward passes as a JSON line."""
import json
import resource
import statistics
import sys
import time

import numpy


def onnxruntime_runner(model, batch, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"image": images}), onnxruntime.__version__


def openvino_runner(model, batch, threads):
    import openvino

    core = openvino.Core()
    network = core.read_model(model)
    network.reshape([batch, *[side.get_length() for side in list(network.input(0).partial_shape)[1:]]])
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(network, "CPU", settings).create_infer_request()
    return lambda images: request.infer({0: images}), openvino.__version__.split("-")[0]


def main(name, model, batch, threads, seconds):
    before = time.perf_counter()
    run, version = {"onnxruntime": onnxruntime_runner, "openvino": openvino_runner}[name](model, batch, threads)
    load = time.perf_counter() - before
    images = numpy.random.default_rng(0).integers(0, 256, (batch, 3, 224, 224)).astype(numpy.float32)
    run(images)  # warm-up, as `mixmim bench` does
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        run(images)
        times.append(time.perf_counter() - before)
    print(json.dumps({"ms_median": 1000 * statistics.median(times), "version": version, "load_ms": 1000 * load,
                      "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
