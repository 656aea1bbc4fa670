"""pipeline.py BUILD VENV FOLDER [SECONDS [ROUNDS]]: our pipeline against other loaders, each alone on one core, in turn.

Prints medians over the rounds and ratios to ours. `./run bench pipeline --data FOLDER` makes the environment and calls it.
"""
import os
import statistics
import sys

import turns

build, venv, folder = sys.argv[1:4]
seconds = sys.argv[4] if len(sys.argv) > 4 else "5"
rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 3
here = os.path.dirname(os.path.abspath(__file__))


def run(*command):
    return turns.run(["taskset", "-c", str(min(os.sched_getaffinity(0)))] + list(command))


def ours(*more):
    return run(build + "/bin/mixmim", "bench", "pipeline", "--data", folder, "--threads", "1", "--batch", "64", "--json",
               "--seconds", seconds, *more)


def rival(name):
    return run(venv + "/bin/python", here + "/pipeline_rivals.py", name, folder, seconds)


def median(results, *keys):
    values = []
    for result in results:
        for key in keys:
            result = result[key]
        values.append(result)
    return statistics.median(values)


MEASURED = {
    "ours, pretraining": lambda: ours(),
    "torchvision + Pillow": lambda: rival("torchvision_pillow"),
    "torchvision v2, tensors": lambda: rival("torchvision_tensors"),
    "DALI, CPU": lambda: rival("dali"),
    "mlx-data": lambda: rival("mlx_data"),
    "libjpeg-turbo, full decode only": lambda: run(build + "/bin/full_decode", folder, seconds),
    "ours, fine-tuning": lambda: ours("--recipe", "finetune"),
    "timm, fine-tuning": lambda: rival("timm_finetuning"),
    "Pillow, crop and resize only": lambda: rival("pillow_resize"),
}

results, skipped = turns.measure(MEASURED, rounds)
for name in ("ours, pretraining", "ours, fine-tuning"):
    if name in skipped:
        sys.exit("%s: %s" % (name, skipped[name]))
print("\nimages per second on one core, median of %d rounds of %s s" % (rounds, seconds))
for ours_name, names in (("ours, pretraining", ["torchvision + Pillow", "torchvision v2, tensors", "DALI, CPU", "mlx-data",
                                                "libjpeg-turbo, full decode only"]),
                         ("ours, fine-tuning", ["timm, fine-tuning"])):
    mine = median(results[ours_name], "images_per_second")
    print("  %-34s %8.0f" % (ours_name, mine))
    for name in names:
        if name in skipped:
            print("  %-34s  skipped: %s" % (name, skipped[name]))
        else:
            theirs = median(results[name], "images_per_second")
            print("  %-34s %8.0f    ours is %.2f x as fast" % (name, theirs, mine / theirs))
resize = median(results["ours, pretraining"], "stages", "resize")
print("crop and resize only: ours %.3f ms" % resize, end="")
if "Pillow, crop and resize only" not in skipped:
    theirs = median(results["Pillow, crop and resize only"], "resize_ms")
    print(", Pillow %.3f ms: %.1f x as fast" % (theirs, theirs / resize))
print("\nour peak memory %.0f MB, first batch after %.0f ms" % (median(results["ours, pretraining"], "peak_memory_mb"),
                                                               median(results["ours, pretraining"], "first_batch_ms")))
