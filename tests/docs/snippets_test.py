#!/usr/bin/env python3
"""Compiles the C++ of the documents, compares their CMake, and runs their Python where cv2 is.

    snippets_test.py BIN_FOLDER PYTHON COMPILER OPTION...    PYTHON may have cv2; OPTIONS: include folders, definitions
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import documents
import snippets

BIN, PYTHON, COMPILER = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]


def matched(language, table):
    """The blocks of a language with their entries. Fails on a block without one, and on an entry without a block."""
    left, problems = list(table), []
    for block in documents.blocks():
        if block.language != language:
            continue
        for entry in left:
            if block.document == entry[0] and block.text.startswith(entry[1]):
                left.remove(entry)
                yield block, entry
                break
        else:
            problems.append(f"{block.where}: a {language} block that tests/docs/snippets.py does not list")
    problems += [f"tests/docs/snippets.py: {entry[0]} has no {language} block '{entry[1]}'" for entry in left]
    if problems:
        sys.exit("\n".join(problems))


def quietly(command, where, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit(f"{where}: {done.stdout}")


def compile_cpp():
    for block, (_, _, before, after) in matched("cpp", snippets.CPP):
        source = f'{before}#line {block.line} "{block.document}"\n{block.text}{after}'
        quietly([*COMPILER, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", "-"], block.where, input=source)
        print("compiled", block.where)


def compare_cmake():
    texts = {entry: block for block, entry in matched("cmake", [snippets.CMAKE_WHOLE, *snippets.CMAKE_PIECES])}
    whole = texts.pop(snippets.CMAKE_WHOLE).text.splitlines()
    for block in texts.values():
        for line in block.text.splitlines():
            if line not in whole:
                sys.exit(f"{block.where}: '{line}' is not in the example of {snippets.CMAKE_WHOLE[0]}")
        print("compared", block.where)


def run_python(folder):
    has_cv2 = shutil.which(PYTHON) and subprocess.run([PYTHON, "-c", "import cv2"], capture_output=True).returncode == 0
    model = [BIN / "mixmim", "export", "--model", "small", "--size", "224", "--model.classes", "10", "--out", "model.onnx"]
    quietly(model, "mixmim export", cwd=folder)
    prelude = "import cv2\nimport numpy\nimage, S = numpy.zeros((300, 400, 3), numpy.uint8), 224\n"
    for block, (_, _, before, after) in matched("python", snippets.PYTHON):
        program = prelude + before + block.text + after
        compile(program, block.where, "exec")
        if has_cv2:
            quietly([PYTHON, "-c", program], block.where, cwd=folder)
        print("ran" if has_cv2 else "read (no cv2)", block.where)


compile_cpp()
compare_cmake()
with tempfile.TemporaryDirectory() as scratch:
    run_python(scratch)
