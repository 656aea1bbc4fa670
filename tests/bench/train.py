"""Our training step against the same model in plain PyTorch, each alone in its process, in turn; medians over the rounds.

`./run bench train [OPTION...]` makes the environment and calls it.
"""
import argparse
import os
import sys
from dataclasses import dataclass
from statistics import median

import model_sizes
import turns

# glibc: large blocks from the heap, and nothing of it back to the system. `mixmim` does that by itself.
KEPT_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}


@dataclass(frozen=True)
class Case:
    title: str
    task: str
    model: str
    batch: int
    environment: tuple = ()  # of the reference


CASES = {
    "base": Case("Pretraining of MixMIM-B", "pretrain", "base", 8),
    "tiny": Case("Pretraining of the tiny model, both with kept-mapped memory", "pretrain", "tiny", 32, tuple(KEPT_MEMORY.items())),
    "finetune": Case("Fine-tuning of MixMIM-B", "finetune", "base", 8),
}
TITLES = {"pretrain": "Pretraining of %s", "finetune": "Fine-tuning of %s"}
OURS, EAGER, FUSED, COMPILED = "ours", "PyTorch, eager", "PyTorch, fused AdamW", "PyTorch, compiled"
PRODUCTS = "matrix products alone"


def parsed():
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(prog="./run bench train", description=__doc__.splitlines()[0])
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("venv", help=argparse.SUPPRESS)
    parser.add_argument("--cases", help="some of %s (default: all)" % ",".join(CASES))
    parser.add_argument("--model", choices=model_sizes.SIZES, metavar="NAME", help="this one in place of the cases: %(choices)s")
    parser.add_argument("--recipe", choices=TITLES, help="of --model (pretrain)")
    parser.add_argument("--batch", type=int, help="of --model (16)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (%(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="of each measurement (%(default)s)")
    parser.add_argument("--threads", type=int, default=cores, help="of both sides (%(default)s)")
    parser.add_argument("--fused", action="store_true", help="also the reference with torch.optim.AdamW(fused=True)")
    parser.add_argument("--kernels", help="also ours with MIXMIM_KERNELS set to this, e.g. avx512")
    parser.add_argument("--compile", action="store_true", help="also the reference under torch.compile: takes minutes")
    parser.add_argument("--only-check-options", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.model and options.cases is not None:
        parser.error("expected --cases or --model, got both")
    if not options.model and (options.recipe or options.batch is not None):
        parser.error("--recipe and --batch are of --model, expected one")
    names = list(CASES) if options.cases is None else options.cases.split(",")
    numbers = [number for number in (options.batch, options.rounds, options.seconds, options.threads) if number is not None]
    if any(name not in CASES for name in names) or min(numbers) < 1:
        parser.error("expected cases out of %s, and numbers from 1" % ", ".join(CASES))
    if options.only_check_options:
        sys.exit()
    options.cases = [case_of(options)] if options.model else [CASES[name] for name in names]
    return options


def case_of(options):
    task = options.recipe or "pretrain"
    return Case(TITLES[task] % options.model, task, options.model, options.batch or 16)


def measurements(case, options):
    """What is measured in every round of a case, by name."""
    def ours(environment=None):
        return turns.run([options.build + "/bin/mixmim", "bench", "train", "--json", "--recipe", case.task, "--model", case.model,
                          "--batch", str(case.batch), "--threads", str(options.threads), "--seconds", str(options.seconds)], environment)

    def rival(what, *words):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "train_rivals.py")
        return turns.run([options.venv + "/bin/python", script, what, case.task, case.model, str(case.batch),
                          str(options.threads), str(options.seconds), *words], dict(case.environment))

    measured = {OURS: ours, EAGER: lambda: rival("step")}
    if options.kernels:
        measured["ours, " + options.kernels] = lambda: ours({"MIXMIM_KERNELS": options.kernels})
    if options.fused:
        measured[FUSED] = lambda: rival("step", "fused")
    if options.compile:
        measured[COMPILED] = lambda: rival("step", "compiled")
    measured[PRODUCTS] = lambda: rival("products")
    return measured


def check_versions(options):
    """The reference must compute with the same library: otherwise two libraries are compared."""
    about, reason = turns.run([options.build + "/bin/mixmim", "info", "--json"])
    if about is None:
        sys.exit("mixmim info: " + reason)
    descriptions = [plugin.get("description", {}) for plugin in about["plugins"]]
    ours = [description["libtorch"] for description in descriptions if "libtorch" in description]
    theirs, reason = turns.run([options.venv + "/bin/python", "-c", "import json, torch; print(json.dumps(torch.__version__))"])
    if theirs is None or theirs.split("+")[0] not in ours:
        sys.exit("the reference needs the PyTorch of our LibTorch, expected %s in %s, got %s; remove that folder to fetch it anew"
                 % (", ".join(ours) or "a trainer plugin", options.venv, theirs or reason))
    kernels = [description["kernels"] for description in descriptions if "libtorch" in description]
    print("PyTorch and LibTorch %s, %d threads, float32, our kernels for %s; medians of %d rounds of %d s" % (
        theirs, options.threads, ", ".join(kernels), options.rounds, options.seconds))


def cells(name, results, flop):
    """A line of the table: medians, and medians of each round's ratio to ours."""
    ours, theirs, products = results[OURS], results[name], results[PRODUCTS]
    reached = [flop / result["ms_per_step"] / 1e6 for result in theirs]
    speed = median(a["ms_per_step"] / b["ms_per_step"] for a, b in zip(theirs, ours))
    memory = median(b["peak_memory_mb"] / a["peak_memory_mb"] for a, b in zip(theirs, ours))
    share = median(rate / alone["gflop_per_second"] for rate, alone in zip(reached, products))
    return ("%.0f" % median(result["ms_per_step"] for result in theirs), "" if name == OURS else "%.2f x as fast" % speed,
            "%.0f" % median(result["peak_memory_mb"] for result in theirs), "" if name == OURS else "%.2f x" % memory,
            "%.0f" % median(reached), "%.0f %%" % (100 * share))


def warn_when_busy():
    load = os.getloadavg()[0]
    if load > 0.5:
        print("warning: the machine's load was %.1f in the last minute; these figures need a quiet one" % load, file=sys.stderr)


def report(case, results, skipped):
    flop = model_sizes.training_flop(model_sizes.SIZES[case.model], case.task, case.batch)
    alone = median(result["gflop_per_second"] for result in results[PRODUCTS])
    print("\n%s; batch %d, %.1f GFLOP per step, matrix products alone %.0f GFLOP/s" % (
        case.title, case.batch, flop / 1e9, alone))
    line = "  %-22s %9s  %-14s %9s  %-12s %9s  %s"
    print(line % ("", "ms/step", "ours is", "peak MB", "ours needs", "GFLOP/s", "of products"))
    for name in results:
        if name in skipped:
            print("  %-22s skipped: %s" % (name, skipped[name]))
        elif name != PRODUCTS:
            print(line % (name, *cells(name, results, flop)))


def main():
    options = parsed()
    model_sizes.check()
    check_versions(options)
    warn_when_busy()
    for case in options.cases:
        print(case.title, file=sys.stderr)
        results, skipped = turns.measure(measurements(case, options), options.rounds)
        for needed in (OURS, EAGER, PRODUCTS):
            if needed in skipped:
                sys.exit("%s, %s: %s" % (case.title, needed, skipped[needed]))
        report(case, results, skipped)


if __name__ == "__main__":
    main()
