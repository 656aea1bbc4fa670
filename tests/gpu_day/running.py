"""Commands with a limit of time, a line on how each went, and a log of all they said."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

KIT = pathlib.Path(__file__).resolve().parent


def torch_folder():
    import importlib.util  # PyTorch itself is not loaded, because that takes seconds

    found = importlib.util.find_spec("torch")
    if found is None:
        raise SystemExit("day.py: this Python has no PyTorch, expected one with PyTorch 2.11; start it with another python3")
    return pathlib.Path(found.origin).parent


class Outcome:
    def __init__(self, code, said, complained):
        self.code, self.said, self.complained = code, said, complained

    @property
    def last_line(self):
        lines = (self.said.strip() or self.complained.strip()).splitlines()
        return lines[-1] if lines else ""


class Day:
    """One run of the kit. `failed` counts steps and checks that did not pass."""

    def __init__(self, out, device, budget, scale):
        self.out, self.device, self.budget, self.scale = pathlib.Path(out), device, budget, scale
        self.out.mkdir(parents=True, exist_ok=True)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="gpu-day-"))
        self.begun, self.failed = time.monotonic(), 0
        self.log = open(self.out / "day.log", "w", encoding="utf-8")
        self.results = open(self.out / "results.jsonl", "w", encoding="utf-8")
        # Before the DT_RUNPATH of our files, so that the LibTorch of this Python is taken. PyTorch's own comes first in it.
        paths = [KIT / "lib", KIT / "lib3", torch_folder() / "lib", os.environ.get("LD_LIBRARY_PATH", "")]
        self.environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(str(path) for path in paths if str(path))}

    def left(self):
        return self.budget - (time.monotonic() - self.begun)

    def seconds(self, wanted):
        """How long a measurement takes, shortened in a rehearsal."""
        return str(max(1, round(wanted * self.scale)))

    def say(self, text):
        print(text, flush=True)
        print(text, file=self.log, flush=True)

    def run(self, name, limit, command, environment=None, expected=(0,)):
        """Runs a command for at most `limit` seconds, less where the day ends sooner."""
        limit = min(limit, self.left())
        if limit < 2:
            self.failed += 1
            self.say(f"{name:26} left out: the day is over")
            return Outcome(124, "", "")
        print(f"=== {name}: {' '.join(map(str, command))}", file=self.log, flush=True)
        start = time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=environment)
            outcome = Outcome(done.returncode, done.stdout, done.stderr)
        except subprocess.TimeoutExpired as late:
            texts = [text.decode(errors="replace") if text else "" for text in (late.stdout, late.stderr)]
            outcome = Outcome(124, *texts)
        print(outcome.said, outcome.complained, sep="\n", file=self.log, flush=True)
        passed = outcome.code in expected
        self.failed += not passed
        verdict = "ok" if passed else "too long" if outcome.code == 124 else f"rc {outcome.code}"
        self.say(f"{name:26} {verdict:8} {time.monotonic() - start:5.1f} s  {outcome.last_line[:150]}")
        return outcome

    def ours(self, name, limit, program, *words, expected=(0,)):
        """A program of the kit."""
        return self.run(name, limit, [KIT / "bin" / program, *map(str, words)], self.environment, expected)

    def python(self, name, limit, script, *words):
        return self.run(name, limit, [sys.executable, KIT / script, *map(str, words)])

    def judge(self, name, check, *arguments):
        """A comparison of what earlier steps left."""
        try:
            passed, text = check(*arguments)
        except (OSError, KeyError, ValueError) as problem:
            passed, text = False, f"cannot be judged: {problem!r}"
        self.failed += not passed
        self.say(f"{name:26} {'ok' if passed else 'NOT':8}          {text}")

    def record(self, name, line):
        """A measurement: a line of JSON that a program said."""
        try:
            print(json.dumps({"name": name, **json.loads(line)}), file=self.results, flush=True)
        except ValueError:
            self.say(f"{name:26} NOT               expected a line of JSON, got '{line[:80]}'")
