#!/usr/bin/env python3
"""Step time against the number of processes and the speed of the links between them: ./run bench scaling

Every process runs in a network namespace of its own; all are joined by a bridge, through links whose rate is limited in both
directions (tc tbf). Prints what was measured beside what the model of docs/scaling.md predicts. Needs root and iproute2.
"""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

# Several buckets of gradients: 27.6 million parameters, 110 MB.
MODEL = ("--model base --model.embedDim 64 --model.decoderDim 256 --model.decoderDepth 2 --model.decoderHeads 8 "
         "--size 128").split()

BUCKET = 25 * 2**20  # bytes, as in plugins/torch_trainer/world/gradient_buckets.cpp
WINDOW = 0.6         # share of a step's computation that is left when the first gradients are ready


def call(*words):
    subprocess.run(words, check=True)


class Network:
    """`size` namespaces on a bridge; 10.77.0.1 is the first."""

    def __init__(self, size, megabits):
        self.size, self.megabits, self.tag = size, megabits, f"mm{os.getpid() % 10000}"

    def shape(self, prefix, device):
        if self.megabits:
            burst = max(65536, int(self.megabits * 1e6 / 8 / 200))
            call(*prefix, "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", f"{self.megabits}mbit", "burst",
                 str(burst), "latency", "200ms")

    def __enter__(self):
        call("ip", "link", "add", self.tag, "type", "bridge")
        call("ip", "link", "set", self.tag, "up")
        for rank in range(self.size):
            space, inner, outer = f"{self.tag}n{rank}", f"{self.tag}i{rank}", f"{self.tag}o{rank}"
            inside = ["ip", "netns", "exec", space]
            call("ip", "netns", "add", space)
            call("ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
            call("ip", "link", "set", inner, "netns", space)
            call("ip", "link", "set", outer, "master", self.tag, "up")
            call(*inside, "ip", "address", "add", f"10.77.0.{rank + 1}/24", "dev", inner)
            call(*inside, "ip", "link", "set", inner, "up")
            call(*inside, "ip", "link", "set", "lo", "up")
            self.shape(inside, inner)
            self.shape([], outer)
        return self

    def __exit__(self, *_):
        for rank in range(self.size):
            subprocess.run(["ip", "netns", "del", f"{self.tag}n{rank}"], check=False)
        subprocess.run(["ip", "link", "del", self.tag], check=False)

    def prefix(self, rank):
        return ["ip", "netns", "exec", f"{self.tag}n{rank}"]


class Loopback:
    """All processes side by side."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def prefix(self, _):
        return []


def measure(options, folder, size, network, host):
    """Medians over the steps after the first two: seconds per step, of communication, and of it not hidden."""
    run = folder / "run"
    command = [str(options.build / "bin/mixmim"), "pretrain", "--data", str(folder / "shapes/train"), "--out", str(run),
               "--overwrite", *options.model, "--batch", str(options.batch), "--threads", str(options.threads), "--epochs",
               "1", "--optim.accumulate", str(size), "--run.logSteps", "1", "--run.checkpointEpochs", "1000",
               "--run.pictureEpochs", "0", "--run.lostSeconds", "600", "--data.imagesPerClass",
               str(-(-options.batch * size * options.steps // 10))]
    processes = []
    for rank in range(size):
        environment = {**os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size),
                       "MASTER_ADDR": host, "MASTER_PORT": "29511"}
        processes.append(subprocess.Popen([*network.prefix(rank), *command], env=environment, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, text=True))
    errors = [process.communicate()[1] for process in processes]
    if any(process.returncode for process in processes):
        sys.exit("a process failed:\n" + "\n".join(errors))
    steps = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()][2:]
    seconds = [options.batch * size / step["images_per_second"] for step in steps]
    share = [step.get("communication_percent", 0) / 100 * time for step, time in zip(steps, seconds)]
    waited = [c * (1 - step.get("hidden_percent", 0) / 100) for step, c in zip(steps, share)]
    times = statistics.median(seconds), statistics.median(share), statistics.median(waited)
    return times, (run / "checkpoints/last/model.safetensors").stat().st_size


def predict(ranks, megabits, gradients, unlimited):
    """The model of docs/scaling.md: the computation, and what of the sums the backward pass does not hide."""
    step, _, waited = unlimited
    compute = step - waited
    sums = 2 * (ranks - 1) / ranks * gradients * 8 / (megabits * 1e6)
    return compute + max(sums * min(1, BUCKET / gradients), sums - WINDOW * compute)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="folder of the build")
    parser.add_argument("--ranks", default="2,4", help="numbers of processes")
    parser.add_argument("--megabits", default="0,4000,2000,1000,500", help="rates of the links; 0 = not limited")
    parser.add_argument("--batch", type=int, default=4, help="pictures for each process and step")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1, help="of each process")
    parser.add_argument("--loopback", action="store_true", help="no namespaces: processes side by side")
    parser.add_argument("--model", nargs=argparse.REMAINDER, default=MODEL, help="options of the model, to the end of the line")
    options = parser.parse_args()
    options.build = options.build.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # namespaces and processes do not stay behind
    if not options.loopback and os.geteuid() != 0:
        sys.exit("network namespaces need root; --loopback does without")
    with tempfile.TemporaryDirectory(prefix="mixmim-scaling-") as name:
        folder = pathlib.Path(name)
        most = max(int(ranks) for ranks in options.ranks.split(","))
        call(str(options.build / "bin/mixmim"), "make-shapes", "--out", str(folder / "shapes"), "--size", "128",
             "--per-class", str(-(-options.batch * most * options.steps // 9) + 2))
        print("ranks  Mbit/s  s/step  sums s  not hidden s  hidden  predicted s/step")
        for ranks in map(int, options.ranks.split(",")):
            unlimited = None
            for rate in [0] if options.loopback else map(int, options.megabits.split(",")):
                with contextlib.ExitStack() as stack:
                    network = stack.enter_context(Loopback() if options.loopback else Network(ranks, rate))
                    host = "127.0.0.1" if options.loopback else "10.77.0.1"
                    times, gradients = measure(options, folder, ranks, network, host)
                step, sums, waited = times
                unlimited = times if rate == 0 else unlimited
                predicted = f"{predict(ranks, rate, gradients, unlimited):16.2f}" if rate and unlimited else ""
                print(f"{ranks:5}  {rate or '-':>6}  {step:6.2f}  {sums:6.2f}  {waited:12.2f}  "
                      f"{100 * (1 - waited / sums) if sums else 0:5.0f}%  {predicted}", flush=True)


if __name__ == "__main__":
    main()
