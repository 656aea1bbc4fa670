#!/usr/bin/env python3
"""clang-tidy of sources, a dozen in one go. Exit code 1 if it finds anything.

    grouped.py BUILD_FOLDER JOBS SOURCE...

Note [Groups of sources]: clang-tidy spends most of its time on the headers of libraries, once per file it is given. So
sources that are compiled alike are given to it as one file that includes them, unless two of them define the same name
or one defines a macro.
A group with any finding is taken apart and its sources are checked alone, because only what is found then counts. The
file of a group is called UnifiedSource, because clang's analyzer walks through the functions of included sources in
files of that name and in no others. HeaderFilterRegex of .clang-tidy must fit the sources, because they are included.
"""
import collections
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys

LARGEST_GROUP = 12

# A type, or else a function or variable, that a line at the left margin defines, where .clang-format has what stands in
# namespaces. Members of classes have a :: before their names.
DEFINITION = re.compile(r"^(?:(?:struct|class|enum class|enum) (\w+)"
                        r"|(?!struct|class|enum|namespace|return)[A-Za-z_][\w:<>,&* ]*[ &*](\w+)(?:\[\w*\])?(?= ?[({=;]))",
                        re.MULTILINE)


def arguments(entry):
    """What the compiler is told of a source, without the names of source and object."""
    words = shlex.split(entry["command"])
    return [word for before, word in zip([""] + words, words)
            if before != "-o" and word not in ("-o", "-c", entry["file"])]


def names_in(text):
    return {kind or other for kind, other in DEFINITION.findall(text)}


def groups_of(entries):
    """Lists of entries that are compiled alike and define nothing twice; the largest first."""
    alike = collections.defaultdict(list)
    for entry in entries:
        text = pathlib.Path(entry["file"]).read_text()
        defined = names_in(text)
        kin = alike[tuple(arguments(entry)), entry["file"] if "\n#define " in text else ""]
        for group, names in kin:
            if len(group) < LARGEST_GROUP and not names & defined:
                group.append(entry)
                names |= defined
                break
        else:
            kin.append(([entry], defined))
    return sorted((group for kin in alike.values() for group, _ in kin), key=len, reverse=True)


def write_group(folder, number, group):
    """The file of a group, and its entry."""
    file = folder / f"UnifiedSource{number}.cpp"
    file.write_text("".join(f'#include "{entry["file"]}" // NOLINT(bugprone-suspicious-include)\n' for entry in group))
    command = shlex.join([*arguments(group[0]), "-c", str(file)])
    return {"directory": group[0]["directory"], "file": str(file), "command": command}


def tidy(folder, entry):
    """What clang-tidy finds in a file: "" if nothing."""
    done = subprocess.run(["clang-tidy", "-quiet", "-p", folder, entry["file"]], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def findings_of(folder, group, united):
    """What clang-tidy finds in each source of a group alone, if it finds anything in all at once."""
    together = tidy(folder, united)
    if not together:
        return ""
    alone = "".join(tidy(folder, entry) for entry in group) if len(group) > 1 else together
    if not alone:
        reason = next((line for line in together.splitlines() if "error:" in line), together)
        print(f"note: these sources are clean alone, and slower so, because together they are not: {reason}")
    return alone


def main(build, jobs, sources):
    wanted = {str(pathlib.Path(source).resolve()) for source in sources}
    entries = [entry for entry in json.loads((build / "compile_commands.json").read_text()) if entry["file"] in wanted]
    if not entries:
        sys.exit(f"error: {build}/compile_commands.json: none of the {len(wanted)} sources is in it")
    folder = build / "tidy"
    folder.mkdir(exist_ok=True)
    groups = groups_of(entries)
    united = [write_group(folder, number, group) for number, group in enumerate(groups)]
    (folder / "compile_commands.json").write_text(json.dumps(entries + united))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        found = "".join(pool.map(lambda pair: findings_of(folder, *pair), zip(groups, united)))
    print(found, end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3:]))
