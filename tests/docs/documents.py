"""What stands in the documents: fenced blocks, words in backticks, links, headings, rows of tables."""
import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRINTED = ROOT / "docs/cli.md"  # by `mixmim help --markdown`


@dataclasses.dataclass
class Block:
    document: str  # relative to the root
    line: int  # of its first line of text, from 1
    language: str  # "" where the fence names none
    text: str

    @property
    def where(self):
        return f"{self.document}:{self.line}"


def documents():
    """README.md, CONTRIBUTING.md and all pages, in a fixed order."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def name_of(path):
    return str(path.relative_to(ROOT))


def blocks():
    for path in documents():
        fence, lines = None, path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            mark = re.match(r"( *)```(\w*)$", line)
            if not mark:
                continue
            if fence is None:
                fence = number, mark[1], mark[2]
                continue
            first, indent, language = fence
            text = "\n".join(row.removeprefix(indent) for row in lines[first : number - 1])
            yield Block(name_of(path), first + 1, language, text + "\n")
            fence = None
        if fence:
            raise SystemExit(f"error: {name_of(path)}:{fence[0]}: the block has no end")


def prose(path):
    """Lines outside of fenced blocks, with their numbers."""
    inside = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def cells(line):
    """The cells of a table's row, [] for any other line."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []


def words_in_backticks(line):
    return re.findall(r"`([^`]+)`", line)
