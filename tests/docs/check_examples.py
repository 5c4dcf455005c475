#!/usr/bin/env python3
"""Runs the examples of Markdown pages: check_examples.py PAGE...

Every ```console block is played: each line after "$ " is run by bash in a scratch folder that looks like the
project's root and must exit with 0; the lines below it, if any, are what it must print (standard output and
error together). "..." stands for anything within a line and, alone on a line, for any lines. Measured times
("in 0.4 ms", "1200 points/s", "solve_time_ms") and the width of gaps are not compared.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MEASURED = re.compile(
    r"\b(in|took) [\d.]+ ?(?:[num]?s|min)\b|[\d,.]+( [a-z]+ ?/ ?s\b)|(\"solve_time_ms\": )[\d.e+-]+")


def examples(page):
    """Yields (line number, command, expected lines) of a page's console blocks."""
    current = None
    in_block = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```"):
            in_block = line.strip() == "```console"
            if current:
                yield current
            current = None
        elif in_block and line.startswith("$ "):
            if current:
                yield current
            current = (number, line[2:], [])
        elif in_block and current and current[1].endswith("\\"):
            current = (current[0], current[1][:-1] + line.lstrip("> "), current[2])
        elif in_block and current:
            current[2].append(line)


def canonical(line):
    return MEASURED.sub(r"\1\2\3 TIME", re.sub(r"\s+", " ", line)).strip()


def pattern(lines):
    parts = []
    for line in lines:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(part) for part in canonical(line).split("...")) + r"\n")
    return re.compile("".join(parts))


def run(command, folder):
    environment = dict(os.environ, PATH=f"{ROOT}/build/release/bin:{os.environ['PATH']}")
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def complaint(expected, result):
    """What is wrong with a result, or None."""
    if result.returncode != 0:
        return f"exit status {result.returncode}\n{result.stdout}"
    printed = "".join(canonical(line) + "\n" for line in result.stdout.rstrip().splitlines())
    while expected and not expected[-1].strip():
        expected.pop()
    if expected and not pattern(expected).fullmatch(printed):
        return "printed\n" + result.stdout + "\nexpected\n" + "\n".join(expected)
    return None


def check(page):
    """Plays one page in a scratch folder; returns (number of examples, number that failed)."""
    count = failures = 0
    with tempfile.TemporaryDirectory(prefix="bandwright examples ") as folder:
        for entry in ROOT.iterdir():
            if entry.name not in (".git", "build", "output"):
                os.symlink(entry, pathlib.Path(folder, entry.name))
        for number, command, expected in examples(page):
            problem = complaint(expected, run(command, folder))
            count += 1
            if problem:
                failures += 1
                print(f"{page}:{number}: $ {command}\n{problem}\n")
    return count, failures


def main():
    totals = [check(pathlib.Path(page)) for page in sys.argv[1:]]
    print(f"examples: {sum(t[0] for t in totals)} run, {sum(t[1] for t in totals)} failed")
    return 1 if any(failures for _, failures in totals) else 0


if __name__ == "__main__":
    sys.exit(main())
