#!/usr/bin/env python3
"""Random faults against short trainings, for as long as asked: ./run soak [--minutes N]

A training of several processes is disturbed again and again, and started again with --resume auto, until it is done. Its
weights and moments must then be those of the undisturbed run, bit for bit. After every fault the newest checkpoint that was
there before must still be usable. Exit code 0 only if all of that held.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 60  # seconds for all processes of a run to be gone after a fault
SETTINGS = ("--model small --size 32 --model.patchSize 2 --batch 4 --epochs 12 --threads 1 --run.keep 4 --optim.ema 0.9 "
            "--model.dropPath 0.1 --run.checkpointEpochs 0.3 --run.lostSeconds 5 --run.logSteps 5 --run.pictureEpochs 0").split()
STATE = ("model.safetensors", "optimizer.safetensors")


class Lost(Exception):
    """Something did not survive."""


def children(process):
    text = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(word) for word in text.split()]


def newest_step(run):
    steps = [int(path.name[5:]) for path in (run / "checkpoints").glob("step-*") if (path / "state.json").exists()]
    return max(steps, default=-1)


def flip_byte(run, chance):
    """In the newest checkpoint, where another is left to go back to."""
    checkpoints = sorted((run / "checkpoints").glob("step-*"))
    if len(checkpoints) < 2:
        return False
    file = checkpoints[-1] / chance.choice(STATE)
    data = bytearray(file.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)
    return True


class Soak:
    def __init__(self, build, folder, processes, chance):
        self.program = str(build / "bin" / "mixmim")
        self.failing_io = next(iter(build.glob("lib/libfailing_io.so")), None)
        self.folder, self.processes, self.chance = folder, processes, chance
        self.run, self.log = folder / "run", folder / "log"
        self.counts = collections.Counter()
        self.resumed_at = 0
        self.faults = {"kill -9 of a process": self.kill_one, "freeze of a process": self.freeze_one,
                       "kill -9 of the launcher": self.kill_launcher, "SIGTERM": self.terminate, "SIGINT": self.interrupt,
                       "SIGUSR1": self.ask_for_checkpoint, "flipped byte": self.flip,
                       "closed pipe": self.close_pipe}
        if self.failing_io:
            self.faults.update({"full disk": lambda: self.bad_disk("write ENOSPC /checkpoints/.", 1),
                                "checkpoint that cannot be synced": lambda: self.bad_disk("fsync EIO /checkpoints/.", 1),
                                "log that cannot be written": lambda: self.bad_disk("write EIO metrics.jsonl", 0)})

    def command(self, out, *more):
        return [self.program, "pretrain", "--data", str(self.folder / "shapes/train"), "--out", str(out), *SETTINGS, *more]

    def prepare(self):
        make = [self.program, "make-shapes", "--out", str(self.folder / "shapes"), "--per-class", "8", "--size", "32"]
        subprocess.run(make, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        undisturbed = self.command(self.folder / "undisturbed", "--optim.accumulate", str(self.processes))
        subprocess.run(undisturbed, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def start(self, environment=None, output=None):
        command = self.command(self.run, "--resume", "auto", "--nproc", str(self.processes))
        self.before = newest_step(self.run)
        with open(self.log, "w", encoding="utf-8") as log:
            self.launcher = subprocess.Popen(command, stderr=log if output is None else output,
                                             stdout=subprocess.DEVNULL if output is None else output,
                                             env={**os.environ, **(environment or {})})

    def wait_for_checkpoint(self):
        """Until the run has saved something new and a little longer; False when it is over before that."""
        while newest_step(self.run) <= self.before:
            if self.launcher.poll() is not None:
                return False
            time.sleep(0.02)
        time.sleep(self.chance.uniform(0, 1.5))
        return self.launcher.poll() is None

    def expect_end(self, codes):
        start = time.monotonic()
        try:
            code = self.launcher.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise Lost(f"processes still there after {LIMIT} s") from None
        if code not in codes:
            raise Lost(f"exit code {code}, expected one of {codes}; stderr:\n{self.log.read_text()}")
        return time.monotonic() - start

    def disturb(self, kill, codes):
        self.start()
        if not self.wait_for_checkpoint():
            self.expect_end({0})
            return False
        processes = children(self.launcher.pid)
        if len(processes) < self.processes:  # about to end
            self.expect_end({0})
            return False
        kill(processes)
        self.expect_end(codes | {0})
        return True

    def kill_one(self):
        return self.disturb(lambda processes: os.kill(self.chance.choice(processes), signal.SIGKILL), {1})

    def freeze_one(self):
        return self.disturb(lambda processes: os.kill(self.chance.choice(processes), signal.SIGSTOP), {1})

    def kill_launcher(self):
        gone = self.disturb(lambda _: self.launcher.kill(), {-signal.SIGKILL})
        time.sleep(1)
        return gone

    def terminate(self):
        return self.disturb(lambda processes: os.kill(self.chance.choice([self.launcher.pid, *processes]), signal.SIGTERM),
                            {143})

    def interrupt(self):
        return self.disturb(lambda _: self.launcher.send_signal(signal.SIGINT), {130})

    def ask_for_checkpoint(self):
        def ask_and_kill(processes):
            os.kill(self.chance.choice(processes), signal.SIGUSR1)
            time.sleep(self.chance.uniform(0, 0.5))
            self.launcher.kill()
        return self.disturb(ask_and_kill, {-signal.SIGKILL})

    def flip(self):
        if not flip_byte(self.run, self.chance):
            return False
        self.allowed_loss = True
        return self.terminate() or True

    def close_pipe(self):
        read, write = os.pipe()
        os.close(read)
        self.start(output=write)
        os.close(write)
        alive = self.wait_for_checkpoint()
        self.launcher.terminate()
        self.expect_end({143, 0})
        return alive

    def bad_disk(self, fault, code):
        self.start({"LD_PRELOAD": str(self.failing_io), "FAILING_IO": fault})
        if code == 0:  # survives it
            alive = self.wait_for_checkpoint()
            self.launcher.terminate()
            self.expect_end({143, 0})
            return alive
        self.launcher.wait(600)
        return self.launcher.returncode == code

    def check_nothing_lost(self, before):
        """The run goes on from the newest checkpoint it had; a flipped byte costs exactly that one."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        found = re.search(r"resumes \S+ at step (\d+)", text)
        if before > 0 and found and int(found.group(1)) < before and not self.allowed_loss:
            raise Lost(f"resumed at step {found.group(1)}, a checkpoint of step {before} was there")

    def one_round(self, deadline):
        shutil.rmtree(self.run, ignore_errors=True)
        last = self.folder / "undisturbed/checkpoints/last"
        total = int(last.resolve().name[5:])
        while newest_step(self.run) < total and time.monotonic() < deadline:
            kind = self.chance.choice(list(self.faults))
            before, self.allowed_loss = newest_step(self.run), False
            if self.faults[kind]():
                self.counts[kind] += 1
                print(f"  step {newest_step(self.run):4}  {kind}", flush=True)
            self.check_nothing_lost(before)
        self.start()
        self.expect_end({0})
        for name in STATE:
            if (self.run / "checkpoints/last" / name).read_bytes() != (last / name).read_bytes():
                raise Lost(f"{name} is not that of the undisturbed run")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="folder of the build")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    chance, rounds = random.Random(options.seed), 0
    with tempfile.TemporaryDirectory(prefix="mixmim-soak-") as folder:
        soak = Soak(options.build.resolve(), pathlib.Path(folder), options.processes, chance)
        soak.prepare()
        print(f"seed {options.seed}, {options.processes} processes, {options.minutes:g} minutes", flush=True)
        deadline, failure = time.monotonic() + 60 * options.minutes, None
        try:
            while time.monotonic() < deadline:
                soak.one_round(deadline)
                rounds += 1
                print(f"round {rounds}: bit-equal to the undisturbed run", flush=True)
        except Lost as reason:
            failure = reason
    for kind, count in sorted(soak.counts.items()):
        print(f"{count:5}  {kind}")
    print(f"{sum(soak.counts.values()):5}  faults in {rounds} trainings, " + (f"LOST: {failure}" if failure else "nothing lost"))
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
