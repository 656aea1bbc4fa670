"""What the comparisons share: programs measured in turn, each alone in its process."""
import json
import os
import subprocess
import sys


def run(command, environment=None):
    """The last line of a program's output as JSON, and ""; or None and why there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    except OSError as error:
        return None, str(error)
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["exit code %d" % done.returncode])[-1]
    return json.loads(done.stdout.strip().splitlines()[-1]), ""


def measure(measured, rounds):
    """Calls every function of `measured` once per round. The results by name, and by name why others were left out."""
    results, skipped = {name: [] for name in measured}, {}
    for turn in range(rounds):
        for name, measure in measured.items():
            if name in skipped:
                continue
            print("round %d of %d: %s" % (turn + 1, rounds, name), file=sys.stderr)
            result, reason = measure()
            if result is None:
                skipped[name] = reason
            else:
                results[name].append(result)
    return results, skipped
