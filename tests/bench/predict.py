"""A model through the classifier plugin against other runtimes, each alone in its process, in turn; medians over the rounds.

`./run bench predict [OPTION...]` makes the environment and calls it.
"""
import argparse
import os
import subprocess
import sys
from statistics import median

import turns

OURS, BYTES, STOCK = "ours", "ours, 8-bit products", "OpenCV's own layers"
ORT, OPENVINO, PRODUCTS = "onnxruntime", "OpenVINO", "linear layers by oneDNN"
RESIZING = "The classifier's times include resizing a picture; the others' do not."


def parsed():
    parser = argparse.ArgumentParser(prog="./run bench predict", description=__doc__.splitlines()[0])
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("venv", help=argparse.SUPPRESS)
    parser.add_argument("--model", default="base", metavar="NAME", help="its size, untrained: base, swin_t, ... (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (%(default)s)")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (%(default)s)")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (%(default)s)")
    parser.add_argument("--batches", default="1,8", help="numbers of images per pass (%(default)s)")
    parser.add_argument("--kernels", help="also ours with MIXMIM_KERNELS set to this, e.g. avx512")
    parser.add_argument("--only-check-options", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        options.threads, options.batches = ([int(n) for n in list.split(",")] for list in (options.threads, options.batches))
    except ValueError:
        parser.error("--threads, --batches: expected numbers with commas between them")
    if min(options.threads + options.batches + [options.rounds, options.seconds]) < 1:
        parser.error("expected numbers from 1")
    if options.only_check_options:
        sys.exit()
    return options


def model_file(options):
    return "%s/bench/%s.onnx" % (options.build, options.model)


def export(options):
    os.makedirs(options.build + "/bench", exist_ok=True)
    if not os.path.exists(model_file(options)):
        subprocess.run([options.build + "/bin/mixmim", "export", "--model", options.model, "--seed", "0", "--out", model_file(options)],
                       check=True)


def measurements(options, threads, batch):
    model, seconds = model_file(options), str(options.seconds)
    # One thread means one core: what else a process starts must not help.
    pinned = ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if threads == 1 else []

    def ours(*words, **environment):
        return lambda: turns.run([*pinned, options.build + "/bin/mixmim", "bench", "predict", "--json", "--model", model,
                                  "--batch", str(batch), "--threads", str(threads), "--seconds", seconds, *words], environment)

    def rival(name):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "predict_rivals.py")
        return lambda: turns.run([*pinned, options.venv + "/bin/python", script, name, model, str(batch), str(threads), seconds])

    others = {"ours, " + options.kernels: ours(MIXMIM_KERNELS=options.kernels)} if options.kernels else {}
    products = [*pinned, options.build + "/bin/linear_products", str(threads), seconds]
    base = {PRODUCTS: lambda: turns.run(products, {"MIXMIM_KERNELS": "avx512"})} if options.model == "base" else {}
    return {OURS: ours(), **others, BYTES: ours("--int8"), STOCK: ours("--stock"), ORT: rival("onnxruntime"), OPENVINO: rival("openvino"),
            **base}


def report(threads, batch, results, skipped):
    print("\n%d thread%s, batch %d, ms per image" % (threads, "s" * (threads > 1), batch))
    for name, measured in results.items():
        if name in skipped:
            print("  %-28s skipped: %s" % (name, skipped[name]))
            continue
        share = 1 if name == PRODUCTS else batch  # those are measured for one image
        title = " ".join([name, measured[0].get("version", "")])
        line = "  %-28s %7.1f" % (title, median(result["ms_median"] for result in measured) / share)
        if name != OURS and OURS not in skipped:
            ratios = [a["ms_median"] / share / (b["ms_median"] / batch) for a, b in zip(measured, results[OURS])]
            line += "   %5.2f x ours" % median(ratios)
        if "load_ms" in measured[0]:
            line += "   load %5.0f ms   peak %5.0f MB" % tuple(
                median(result[key] for result in measured) for key in ("load_ms", "peak_memory_mb"))
        print(line)


def main():
    options = parsed()
    export(options)
    print("%s, 224 px, float32; medians of %d rounds of %d s. %s" % (options.model, options.rounds, options.seconds, RESIZING))
    for threads in options.threads:
        for batch in options.batches:
            report(threads, batch, *turns.measure(measurements(options, threads, batch), options.rounds))


if __name__ == "__main__":
    main()
