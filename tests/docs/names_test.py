#!/usr/bin/env python3
"""What the documents name exists: links, headings, files, functions, settings with their defaults, options.

    names_test.py BIN_FOLDER
"""
import pathlib
import re
import subprocess
import sys

import documents
from documents import ROOT, cells, name_of, prose, words_in_backticks

MIXMIM = pathlib.Path(sys.argv[1]).resolve() / "mixmim"
FOLDERS = ("apps/", "data_pipeline/", "docs/", "modules/", "plugins/", "tests/", "third_party/")
problems = []


def expect(condition, where, text):
    if not condition:
        problems.append(f"{where}: {text}")


def mixmim(*arguments):
    return subprocess.run([MIXMIM, *arguments], capture_output=True, text=True).stdout


def anchors(path):
    """Headings as GitHub makes anchors of them."""
    headings = [line.lstrip("#").strip() for _, line in prose(path) if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links(path, where, line):
    for target in re.findall(r"\]\(([^)\s]+)\)", line):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        to = (path.parent / file).resolve() if file else path
        expect(to.exists(), where, f"links to {target}, which is not there")
        if anchor and to.exists():
            expect(anchor in anchors(to), where, f"links to {target}, but there is no such heading")


def expanded(name):
    """"mix.{hpp,cpp}" means two files."""
    found = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
    return [found[1] + middle + found[3] for middle in found[2].split(",")] if found else [name]


def check_files(where, line):
    for word in words_in_backticks(line):
        if word.startswith(FOLDERS) and re.fullmatch(r"[\w./{},-]+", word):
            for file in expanded(word):
                expect((ROOT / file).exists(), where, f"names {file}, which is not there")


def check_settings(where, line, known):
    for word in words_in_backticks(line):
        if re.fullmatch(r"(data|augment|mix|model|optim|run)\.[a-z]\w*", word) and not word.endswith((".safetensors", ".onnx")):
            expect(word in known, where, f"names the setting {word}, which is not there")


def check_options(where, line, options_of):
    """Words such as `mixmim eval --csv FILE`."""
    for word in words_in_backticks(line):
        found = re.match(r"mixmim ([a-z-]+) ", word)
        if not found:
            continue
        known = options_of(found[1])
        expect(known, where, f"names the verb {found[1]}, which is not there")
        for option in re.findall(r"--[\w.-]+", word) if known else []:
            expect(option in known, where, f"names {option}, which `mixmim {found[1]}` does not take")


def check_functions(path):
    """The tables of paper_to_code.md: every name in the second cell is in one of the files of the third."""
    for number, line in prose(path):
        row = cells(line)
        if len(row) != 3 or row[1] == "here" or set(row[1]) <= {"-"}:
            continue
        files = [file for file in words_in_backticks(row[2]) if "/" in file]
        if not files:
            continue
        text = "".join((ROOT / file).read_text() for file in files if (ROOT / file).exists())
        for name in words_in_backticks(row[1]):
            expect(re.search(rf"\b{name}\b", text), f"{name_of(path)}:{number}", f"{name} is not in {', '.join(files)}")


def check_tests(path):
    """The tables of faults.md: every test in the third cell is in the file that follows it."""
    rows = 0
    for number, line in prose(path):
        row = cells(line)
        names = []
        for word in words_in_backticks(row[2]) if len(row) == 3 else []:
            if re.fullmatch(r"\w+\.\w+", word):
                names.append(word)
            elif word.endswith("_test.cpp") and (ROOT / word).exists():
                text = (ROOT / word).read_text()
                for name in names:
                    suite, test = name.split(".")
                    expect(re.search(rf"^TEST(_[FP])?\({suite}, {test}\)", text, re.MULTILINE), f"{name_of(path)}:{number}",
                           f"{name} is not a test in {word}")
                    rows += 1
                names = []
        for name in names:
            expect(False, f"{name_of(path)}:{number}", f"does not say where {name} is")
    expect(rows > 20, name_of(path), f"the tables of tests were not read ({rows} tests)")


def values_of(preset):
    """Setting -> value, as `mixmim config` prints them."""
    values, section = {}, ""
    for line in mixmim("config", "--preset", preset).splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values[f"{section}.{key.strip()}"] = value.strip()
    return values


def same(said, value):
    try:
        return float(said) == float(value)
    except ValueError:
        return said == value


def check_defaults(path, pretrain, finetune):
    """The table of from_pytorch.md: setting in the fourth cell, "pretraining / fine-tuning" or one default in the fifth."""
    rows = 0
    for number, line in prose(path):
        row = cells(line)
        names = words_in_backticks(row[3]) if len(row) == 5 else []
        if not names or names[0] not in pretrain or row[4].startswith(("needed", "none")):
            continue
        said = row[4].split(",")[0].split(" / ")
        for text, value in zip((said[0], said[-1]), (pretrain[names[0]], finetune[names[0]])):
            expect(same(text, value), f"{name_of(path)}:{number}", f"{names[0]} is {value}, not {text}")
        rows += 1
    expect(rows > 25, name_of(path), f"the table of settings was not read ({rows} rows)")


def main():
    pretrain, finetune = values_of("pretrain"), values_of("finetune")
    expect(len(pretrain) > 40, "mixmim config", "was not read")
    cache = {}

    def options_of(verb):
        if verb not in cache:
            cache[verb] = set(re.findall(r"--[a-zA-Z][\w.-]*", mixmim(verb, "--help")))
        return cache[verb]

    for path in documents.documents():
        for number, line in prose(path):
            where = f"{name_of(path)}:{number}"
            check_links(path, where, line)
            check_options(where, line, options_of)
            if path.name != "map.md":  # it names files by their folder's headings, and has a test of its own
                check_files(where, line)
                check_settings(where, line, pretrain)
    for block in documents.blocks():
        for number, line in enumerate(block.text.splitlines(), block.line):
            if line.startswith("mixmim "):
                check_options(f"{block.document}:{number}", f"`{line}`", options_of)
    check_functions(ROOT / "docs/paper_to_code.md")
    check_tests(ROOT / "docs/faults.md")
    check_defaults(ROOT / "docs/from_pytorch.md", pretrain, finetune)
    if problems:
        sys.exit("\n".join(problems))


main()
