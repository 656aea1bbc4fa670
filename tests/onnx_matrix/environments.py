"""Makes a Python virtual environment for every ONNX reader.

    python3 tests/onnx_matrix/environments.py FOLDER tests|matrix

Fetches from PyPI, once: about 200 MB for the tests (onnx_wheels.*), 1.5 GB for the matrix. An environment that is complete
is left alone. Exit code 1 if one of the tests' could not be made; the others are usable all the same.
"""
import pathlib
import shutil
import subprocess
import sys
import venv

import readers


def make(folder, reader):
    """Makes the environment of one reader. Returns "", or why there is none."""
    place = folder / reader.name
    mark, wanted = place / "complete", " ".join(reader.requirements)
    if mark.is_file() and mark.read_text().strip() == wanted:
        return ""
    print(f"fetching {wanted} from PyPI into {place}", file=sys.stderr)
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(pip + ["--only-binary=:all:"] + reader.requirements, capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(place)
        if "No matching distribution" in done.stderr:
            return "no wheel for Python %d.%d" % sys.version_info[:2]
        return done.stderr.strip().splitlines()[-1]
    mark.write_text(wanted + "\n")
    return ""


def title(folder, reader):
    """"OpenCV 4.6.0": the reader and the version that is installed."""
    package = reader.requirements[0].split("=")[0].split(">")[0]
    command = f"import importlib.metadata as m; print(m.version({package!r}))"
    version = subprocess.run([folder / reader.name / "bin" / "python", "-c", command], capture_output=True, text=True,
                             check=True).stdout.strip()
    return f"{reader.kind} " + ".".join(version.split(".")[:3])


def main(folder, which):
    status = 0
    for reader in {"tests": readers.TESTED, "matrix": readers.MATRIX}[which]:
        reason = make(folder, reader)
        if reason:
            print(f"{reader.name}: {reason}", file=sys.stderr)
            status = 1
    return status if which == "tests" else 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in ("tests", "matrix"):
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
