"""What makes a step of the day pass. Every check returns (passed, one line that says how far)."""
import hashlib
import json
import pathlib


def lines_of(run):
    with open(pathlib.Path(run) / "metrics.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def apart(a, b):
    return abs(a - b) / max(abs(a), 1e-12)


def same_metrics(one, other, count, loss, norm):
    """Loss and gradient norm of the first `count` steps agree within these shares; later steps may drift apart."""
    first, second = ({line["step"]: line for line in lines_of(run) if "loss" in line} for run in (one, other))
    steps = sorted(first)
    if len(steps) < count or steps != sorted(second):
        return False, f"expected the same steps, at least {count}, got {len(steps)} and {len(second)}"
    if second[steps[0]]["loss"] == 0:
        return False, "the first report is empty: reports come a step late, and the run does not know"
    worst = {key: max(apart(first[step][key], second[step][key]) for step in steps[:count]) for key in ("loss", "grad_norm")}
    last = apart(first[steps[-1]]["loss"], second[steps[-1]]["loss"])
    text = (f"first {count} steps: loss {worst['loss']:.1e} (at most {loss:.0e}), gradient norm {worst['grad_norm']:.1e} "
            f"(at most {norm:.0e}); last step's loss {last:.1e} apart")
    return worst["loss"] <= loss and worst["grad_norm"] <= norm, text


def same_state(one, other):
    """Weights and moments of the last checkpoints are equal to the bit."""
    def digest(run, name):
        return hashlib.sha256((pathlib.Path(run) / "checkpoints/last" / name).read_bytes()).hexdigest()

    different = [name for name in ("model.safetensors", "optimizer.safetensors") if digest(one, name) != digest(other, name)]
    return not different, "differ: " + ", ".join(different) if different else "the same to the bit"


def same_answers(one, other, most):
    """Two results of `mixmim eval --json` agree in every number but those that are times."""
    first, second = json.loads(one), json.loads(other)
    names = [name for name, value in first.items() if isinstance(value, float) and "second" not in name]
    if not names or any(name not in second for name in names):
        return False, f"expected the same numbers, got {sorted(first)} and {sorted(second)}"
    far = {name: apart(first[name], second[name]) for name in names}
    return max(far.values()) <= most, ", ".join(f"{name} {value:.1e}" for name, value in far.items()) + f" (at most {most:.0e})"


def none_skipped(said):
    """A GoogleTest program ran all that it was asked for."""
    skipped = said.count("[  SKIPPED ]")
    ran = "[  PASSED  ]" in said and "[  PASSED  ] 0 tests" not in said
    return ran and not skipped, "all ran" if ran and not skipped else "nothing ran" if not ran else "some were skipped: see day.log"


def is_fed(run, most_percent):
    """A training waits for its data for at most this share of the time, in the median of its lines after the first."""
    seen = [line for line in lines_of(run) if "images_per_second" in line][1:]
    if not seen:
        return False, "expected at least two lines with a speed, got fewer"
    middle = {key: sorted(line[key] for line in seen)[len(seen) // 2] for key in ("images_per_second", "data_wait_percent")}
    text = f"{middle['images_per_second']:.0f} images/s, {middle['data_wait_percent']:.1f} % of it waiting for data (at most {most_percent})"
    return middle["data_wait_percent"] <= most_percent, text


def table(results):
    """The measurements as lines of text."""
    with open(results, encoding="utf-8") as file:
        for line in file:
            result = json.loads(line)
            if "ms_per_step" in result:
                yield (f"{result['name']:24} batch {result['batch']:4} {result['ms_per_step']:9.2f} ms/step "
                       f"{result['images_per_second']:8.0f} images/s")
