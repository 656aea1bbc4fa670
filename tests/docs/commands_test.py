#!/usr/bin/env python3
"""Runs every command of the documents in a scratch folder, as the table in commands.py says.

    commands_test.py BIN_FOLDER yes|no          BIN_FOLDER holds mixmim; yes: with LibTorch
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import commands
import documents

BIN = pathlib.Path(sys.argv[1]).resolve()
TRAINER = sys.argv[2] == "yes"
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}

# Data and results of earlier steps, under the names that the documents give them.
WITHOUT_TRAINER = """
mixmim make-shapes --out shapes --per-class 4 --size 48
ln -s shapes/train pictures
ln -s shapes/train train
ln -s shapes/val val
mkdir -p cifar photos runs
ln -s ../shapes/train cifar/train
ln -s ../shapes/val cifar/test
cp "$(find shapes/val -name '*.jpg' | sort | head -n 1)" picture.jpg
cp picture.jpg photos/one.jpg
ls shapes/train > imagenet.txt
(echo path,labels; find train/ -name '*.jpg' | awk -F/ '{ print $0 "," $2 (NR % 2 ? "|odd" : "") }') > photos.csv
(echo path,labels; find val/ -name '*.jpg' | awk -F/ '{ print $0 "," $2 (NR % 2 ? "|odd" : "") }') > val.csv
mixmim export --model small --size 32 --model.classes 10 --labels imagenet.txt --out model.onnx
"""
WITH_TRAINER = f"""
mixmim pretrain --data pictures --out runs/pretrained {commands.SMALL}
mixmim finetune --data train --val val --out runs/finetuned --init runs/pretrained {commands.SMALL}
mixmim export --init runs/pretrained --out mixmim_base_600ep.pth
mixmim export --init runs/finetuned --out mixmim_base_finetuned.pth
"""


def bash(command, folder):
    """Exit code, and all that was said."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    return done.returncode, done.stdout


def commands_of(block):
    """The lines of a block, those that go on joined, without comments; the one truth about white space is one space."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = re.sub(r"(^|\s)#\s.*$", "", line).split()
        if words:
            yield " ".join(words)


class Failures(list):
    def say(self, where, text):
        print(f"{where}: {text}", flush=True)
        self.append(where)


def substituted(command, used):
    for old, new in commands.SUBSTITUTIONS:
        if old in command:
            used.add(old)
            command = command.replace(old, new)
    return command


def rule_of(command, used):
    """The entry of the table with the longest beginning that fits, or None."""
    fitting = [start for start in commands.COMMANDS if f"{command} ".startswith(f"{start} ")]
    if not fitting:
        return None
    best = max(fitting, key=len)
    used.add(best)
    return commands.COMMANDS[best]


def options_problem(command, rule):
    """Why the words of a command that is not run are wrong, or ''."""
    words = shlex.split(command)
    if "mixmim" in words and words[0] not in ("cmake", "./run"):  # alone, or started by a launcher
        with tempfile.TemporaryDirectory() as empty:
            code, said = bash(shlex.join(words[words.index("mixmim") :]), empty)
        return "" if code == 1 else f"expected exit code 1 in an empty folder, got {code}:\n{said}"
    if words[0] == "./run":
        said = bash("./run help", documents.ROOT)[1]
        if not re.search(rf"^  (\w+, )*{words[1]}\b", said, re.MULTILINE):
            return "./run help does not list the verb"
        if getattr(rule, "check", ""):
            code, said = bash(f"{rule.check} {shlex.join(words[3:])}", documents.ROOT)
            return said if code else ""
    return ""


def elsewhere_problem(rule):
    path = documents.ROOT / rule.file
    if not path.exists() or rule.text not in path.read_text():
        return f"{rule.file} does not hold '{rule.text}'"
    return ""


def forget_result(command, folder):
    """Takes away what is prepared where the command itself is to make it."""
    found = re.search(r"--out (\S+)", command)
    if found and "--resume" not in command:
        path = folder / found[1]
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def without(command, options):
    """The command without these options and their values, because an option is given once."""
    for name in re.findall(r"--\S+", options):
        command = re.sub(rf" {re.escape(name)}[ =]\S+", "", command)
    return command


def run(command, rule, folder):
    command = without(command, rule.smaller)
    command = re.sub(r"(?=$|[|>])", f" {rule.smaller} ", command, count=1) if rule.smaller else command
    forget_result(command, folder)
    code, said = bash(command, folder)
    return "" if code == 0 else f"exit code {code}: {command}\n{said}"


def prepare(folder):
    for line in (WITHOUT_TRAINER + (WITH_TRAINER if TRAINER else "")).strip().splitlines():
        code, said = bash(line, folder)
        if code:
            sys.exit(f"error: preparing the scratch folder: {line}\n{said}")


def main():
    failures, used, count = Failures(), set(), {}
    with tempfile.TemporaryDirectory() as scratch:
        prepared, folder = pathlib.Path(scratch) / "prepared", pathlib.Path(scratch) / "block"
        prepared.mkdir()
        prepare(prepared)
        for block in documents.blocks():
            if block.document == documents.name_of(documents.PRINTED):
                continue
            if not block.language:
                failures.say(block.where, "a block without a language; ```sh for commands, ```text for what is none")
            if block.language != "sh":
                continue
            shutil.rmtree(folder, ignore_errors=True)  # every block begins with what is prepared, and nothing else
            shutil.copytree(prepared, folder, symlinks=True)
            for line in commands_of(block):
                command = substituted(line, used)
                rule = rule_of(command, used)
                if rule is None:
                    failures.say(block.where, f"'{line}' is not in tests/docs/commands.py")
                    continue
                if isinstance(rule, commands.Elsewhere):
                    problem = elsewhere_problem(rule)
                elif isinstance(rule, commands.Options) or (rule.trainer and not TRAINER):
                    problem = options_problem(command, rule)
                else:
                    problem = run(command, rule, folder)
                kind = type(rule).__name__
                count[kind] = count.get(kind, 0) + 1
                print(f"{kind:10} {command}", flush=True)
                if problem:
                    failures.say(block.where, problem)
    for start in commands.COMMANDS.keys() - used:
        failures.say("tests/docs/commands.py", f"no document has a command '{start}'")
    for old, _ in commands.SUBSTITUTIONS:
        if old not in used:
            failures.say("tests/docs/commands.py", f"no document says '{old}'")
    print(", ".join(f"{number} {kind}" for kind, number in sorted(count.items())))
    if failures:
        sys.exit(f"{len(failures)} of the documents' commands are wrong")


main()
