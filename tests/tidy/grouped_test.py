#!/usr/bin/env python3
"""In a group of sources clang-tidy finds what it finds in each alone, and nothing that only the group has. Skipped without
clang-tidy.

    grouped_test.py CHECKS          CHECKS: the file .clang-tidy
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import grouped

RIGHT = {"once.cpp": "int once(int a) {\n  return a;\n}\n", "twice.cpp": "int twice(int a) {\n  return 2 * a;\n}\n"}

# What it takes to find a mistake: a walk through the function, a look at one expression, the house's names.
WRONG = {
    "walk.cpp": ("int share(int a) {\n  const int none = 0;\n  return a / none;\n}\n", "clang-analyzer-core.DivideZero"),
    "look.cpp": ("int* nowhere() {\n  return 0;\n}\n", "modernize-use-nullptr"),
    "name.cpp": ("int Upper_case() {\n  return 1;\n}\n", "readability-identifier-naming"),
}

# Two definitions that are not seen as such, because they stand inside a line.
HIDDEN = {"one.cpp": "namespace { int x; } int one() {\n  return x;\n}\n",
          "other.cpp": "namespace { int x; } int other() {\n  return x;\n}\n"}


def build_folder(folder, sources):
    """Entries of a build folder made of these sources."""
    entries = []
    for name, text in sources.items():
        path = folder / "modules" / name  # where .clang-tidy looks into included files
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        entries.append({"directory": str(folder), "file": str(path), "command": f"c++ -std=c++17 -o {path}.o -c {path}"})
    (folder / "compile_commands.json").write_text(json.dumps(entries))
    return entries


def expect(what, expected, got):
    if expected != got:
        sys.exit(f"{what}: expected {expected}, got {got}")


def tidied(checks, sources):
    """Exit code, and all that was said."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(checks, scratch)
        entries = build_folder(pathlib.Path(scratch), sources)
        done = subprocess.run([sys.executable, grouped.__file__, scratch, "1", *(entry["file"] for entry in entries)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def main(checks):
    expect("names", {"Shape", "kAll", "kList", "size", "get"}, grouped.names_in(
        "struct Shape : Base {\nconst int kAll[] = {\nint Shape::area() const {\nconstexpr Row kList{\nusing std::max;\n"
        "  int inside = 1;\nint size(int a) {\nnamespace cv {\nint* get();\n"))
    with tempfile.TemporaryDirectory() as scratch:
        entries = build_folder(pathlib.Path(scratch), {**RIGHT, "again.cpp": RIGHT["once.cpp"]})
        expect("groups", [["once.cpp", "twice.cpp"], ["again.cpp"]],
               [[pathlib.Path(entry["file"]).name for entry in group] for group in grouped.groups_of(entries)])
    if not shutil.which("clang-tidy"):
        sys.exit(77)
    expect("right sources", (0, ""), tidied(checks, RIGHT))
    code, said = tidied(checks, {**RIGHT, **{name: text for name, (text, _) in WRONG.items()}})
    expect("exit code of wrong sources", 1, code)
    expect("what is found", {(name, check) for name, (_, check) in WRONG.items()},
           {(name, check) for name in {**WRONG, **RIGHT} for _, check in WRONG.values()
            if any(f"/{name}:" in line and f"[{check}," in line for line in said.splitlines())})
    code, said = tidied(checks, HIDDEN)
    expect("exit code of sources that are wrong only together", 0, code)
    if "slower" not in said:
        sys.exit(f"sources that are wrong only together: expected a note, got '{said}'")


main(sys.argv[1])
