"""Our models in every release of every ONNX reader: a table of the largest differences, in Markdown.

    python3 tests/onnx_matrix/matrix.py BUILD [--models small|base|families]... [--reader NAME]...

Every model runs in a process of its own, with batches of 1, 2, 3 and 1 pictures on one network. Exit code 1 where a model
answers wrongly or does not load although readers.py does not say so, and where one loads although it does.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import environments
import readers

HERE = pathlib.Path(__file__).parent
TIME_LIMIT = 1800  # seconds, for one model of the size of base on a busy machine


def write_models(build, which):
    folder = build / "onnx_matrix" / which
    if not (folder / "models.json").is_file():
        print(f"writing models into {folder}", file=sys.stderr)
        subprocess.run([build / "bin" / "onnx_matrix_models", folder, which], check=True)
    return folder, json.loads((folder / "models.json").read_text())


def run_model(python, folder, reader, model, way):
    """(largest difference, "") or (None, why it failed)."""
    command = [python, HERE / "check_models.py", folder, reader.name, "--model", model["name"], "--way", way, "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return None, f"no answer within {TIME_LIMIT} s"
    if done.stdout.strip():
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        worst = max(answer["differences"], key=lambda d: float("inf") if d != d else d)
        return worst, "" if answer["good"] else f"wrong by {worst:.1e}"
    if done.returncode < 0:
        return None, f"killed by signal {-done.returncode}"
    return None, (done.stderr.strip().splitlines() or ["no answer"])[-1][:200]


def column_of(model):
    """Models of one size that differ in geometry alone share a column."""
    parts = [model["head"]] if model["head"] != "logits" or model["opset"] == 11 and model["weights"] == "fp32" else []
    if model["opset"] != 11:
        parts.append("opset %d" % model["opset"])
    if model["weights"] != "fp32":
        parts.append(model["weights"])
    return ", ".join(parts)


class Matrix:
    def __init__(self, build):
        self.build = build
        self.cells, self.surprises, self.missing = {}, [], []

    def add(self, reader, which):
        place = self.build / "onnx_venvs"
        reason = environments.make(place, reader)
        if reason:
            self.missing.append(f"{reader.name}: {reason}")
            return
        folder, models = write_models(self.build, which)
        title = environments.title(place, reader)
        for way in reader.ways:
            for model in models:
                worst, reason = run_model(place / reader.name / "bin" / "python", folder, reader, model, way)
                self.note(f"{title} {way}".strip(), reader, model, worst, reason)

    def note(self, title, reader, model, worst, reason):
        known = reader.unreadable(model)
        print(f"{title:20} {model['name']:34} {reason or format(worst, '.1e')}", file=sys.stderr)
        if bool(reason) != bool(known):
            self.surprises.append(f"{title}, {model['name']}: {reason or 'works, though readers.py says: ' + known}")
        cell = self.cells.setdefault(title, {}).setdefault(column_of(model), [])
        cell.append(worst if not reason else "-" if known else "fails")

    def table(self):
        columns = list(dict.fromkeys(column for row in self.cells.values() for column in row))
        lines = ["| reader | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
        for title, row in self.cells.items():
            words = [[value for value in row[column] if isinstance(value, str)] for column in columns]
            numbers = [max([value for value in row[column] if not isinstance(value, str)], default=0) for column in columns]
            lines.append("| %s | %s |" % (title, " | ".join(w[0] if w else format(n, ".1e") for w, n in zip(words, numbers))))
        lines += [""] + [f"Not there: {reason}." for reason in self.missing]
        lines += [f"SURPRISE: {surprise}" for surprise in self.surprises]
        return "\n".join(lines)


def main(arguments):
    wanted = [r for r in readers.MATRIX if not arguments.reader or r.name in arguments.reader]
    if not wanted:
        sys.exit("--reader: expected one of " + ", ".join(r.name for r in readers.MATRIX))
    status = 0
    for which in arguments.models or ("small", "base", "families"):
        matrix = Matrix(arguments.build)
        for reader in wanted:
            matrix.add(reader, which)
        print(matrix.table() + "\n", flush=True)
        status = 1 if matrix.surprises or not matrix.cells else status
    return status


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--models", action="append", choices=("small", "base", "families"))
    parser.add_argument("--reader", action="append", metavar="NAME")
    sys.exit(main(parser.parse_args()))
