#!/usr/bin/env python3
"""Prints gcovr's summary as a table, a row per folder, and the files that are seen least. Fails below a share of lines.

    table.py SUMMARY.json LEAST_PERCENT
"""
import collections
import json
import pathlib
import sys


def share(files):
    covered, lines = (sum(file[key] for file in files) for key in ("line_covered", "line_total"))
    return covered, lines, 100 * covered / max(1, lines)


def main(summary, least):
    files = json.loads(pathlib.Path(summary).read_text())["files"]
    folders = collections.defaultdict(list)
    for file in files:
        folders[str(pathlib.PurePath(file["filename"]).parent)].append(file)
    print(f"{'folder':42} {'lines':>7} {'run':>7} {'%':>6}")
    for name, group in [*sorted(folders.items()), ("total", files)]:
        covered, lines, percent = share(group)
        print(f"{name:42} {lines:7} {covered:7} {percent:6.1f}")
    print("\nleast of all:")
    for file in sorted(files, key=lambda file: share([file])[2])[:8]:
        covered, lines, percent = share([file])
        print(f"{file['filename']:42} {lines:7} {covered:7} {percent:6.1f}")
    total = share(files)[2]
    if total < least:
        sys.exit(f"error: coverage: expected {least:g} % of the lines at least, got {total:.1f} %")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
