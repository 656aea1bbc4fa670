#!/usr/bin/env python3
"""Checks and measurements on a machine with one GPU and Python's PyTorch 2.11, offline: the kit of `./run gpu-kit`, unpacked.

Writes day.log (all that was said), results.jsonl (a line per measurement), runs.tar.gz (metrics of the runs), mixtures.png
and, where Nsight Compute is there, kernels.csv. Exit code 0 only if every step passed.
"""
import argparse
import shutil
import tarfile
import time

import checks
import steps
from running import Day


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="gpu-day", help="folder for the results (gpu-day)")
    parser.add_argument("--device", default="cuda", help="cpu rehearses the day without a GPU (cuda)")
    parser.add_argument("--budget", type=float, default=540, help="seconds for everything (540)")
    parser.add_argument("--scale", type=float, default=1, help="how much longer or shorter measurements take (1)")
    parser.add_argument("--steps", default=",".join(steps.ALL), help=f"some of the steps ({','.join(steps.ALL)})")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.steps.split(",") if name not in steps.ALL]
    if unknown:
        parser.error(f"--steps: expected some of {', '.join(steps.ALL)}, got '{unknown[0]}'")
    return chosen


def keep_runs(day):
    with tarfile.open(day.out / "runs.tar.gz", "w:gz") as archive:
        for name in ("metrics.jsonl", "machine.json"):
            for file in sorted(day.work.glob(f"*/{name}")):
                archive.add(file, arcname=file.relative_to(day.work))


def main():
    chosen = options()
    day = Day(chosen.out, chosen.device, chosen.budget, chosen.scale)
    try:
        for name in chosen.steps.split(","):
            steps.ALL[name](day)
    finally:
        keep_runs(day)
        shutil.rmtree(day.work, ignore_errors=True)
    for line in checks.table(day.out / "results.jsonl"):
        day.say(line)
    day.say(f"{'all passed' if day.failed == 0 else f'{day.failed} did not pass'}, {time.monotonic() - day.begun:.0f} s")
    raise SystemExit(day.failed > 0)


if __name__ == "__main__":
    main()
