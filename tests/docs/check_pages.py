#!/usr/bin/env python3
"""Checks what Markdown pages point at: check_pages.py PAGE...

A relative link, and a word in backticks that begins with one of the project's folders, must name a file or folder
that is there ("name.*" one of several). `Suite.Name` in backticks must be a GoogleTest of the project's.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = {entry.name for entry in ROOT.iterdir() if entry.is_dir() and not entry.name.startswith(".")} - {"build", "output"}
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
WORD = re.compile(r"`([A-Za-z_]+/[\w./*-]*)`")


TEST = re.compile(r"`([A-Z][A-Za-z]+\.[A-Z][A-Za-z]+)`")


def tests():
    """Every GoogleTest as Suite.Name."""
    defined = re.compile(r"^(?:TEST(?:_[FP])?|RC_GTEST_PROP)\((\w+), (\w+)", re.MULTILINE)
    sources = (source.read_text(encoding="utf-8") for source in (ROOT / "tests").rglob("*.cpp"))
    return {".".join(found) for source in sources for found in defined.findall(source)}


def missing(page, known):
    """Yields (line number, what is not there)."""
    in_block = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        in_block ^= line.startswith("```")
        if in_block:
            continue
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if not (page.parent / target).exists():
                yield number, target
        for word in WORD.findall(line):
            if word.split("/")[0] in FOLDERS and not list(ROOT.glob(word.rstrip("/"))):
                yield number, word
        for name in TEST.findall(line):
            if name not in known:
                yield number, name


def main():
    known = tests()
    found = [(page, number, what) for page in map(pathlib.Path, sys.argv[1:]) for number, what in missing(page, known)]
    for page, number, what in found:
        print(f"{page}:{number}: '{what}' is not there")
    print(f"pages: {len(sys.argv) - 1} read, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
