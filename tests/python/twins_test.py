#!/usr/bin/python3
"""Every command of the README has a twin in Python with equal numbers: twins_test.py BANDWRIGHT

Each line `$ bandwright COMMAND ...` is run with --format json, and asked again as a function call: its positional words
as arguments, --global-batch 1024 as global_batch="1024". The two answers are the same JSON.
"""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import bandwright as bw

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUNCTIONS = {"import": "import_file"}
# Their answer is a file of their own; the module has them as methods of answers.
WITHOUT_TWIN = {"plot"}
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
# Of each run: how long it took.
MEASURED = {"wall_time_s", "solve_time_ms", "wall_time_ms"}


def commands(page):
    """The words of each line of a page's console blocks that runs the program."""
    text = re.sub(r"\\\n> *", "", page.read_text(encoding="utf-8"))
    for line in re.findall(r"^\$ (?:\./scripts/run|bandwright) (.*)$", text, re.MULTILINE):
        yield shlex.split(line, comments=True)


def called(words):
    """The name of the function, its positional words and its keywords."""
    known = {command["name"]: command for command in bw.commands()}
    name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
    options = {}
    for option in known[name]["options"]:
        for keyword in (option["keyword"], *option["also"]):
            options["--" + keyword.replace("_", "-")] = option
    positional, keywords = [], {}
    rest = iter(words[len(name.split()):])
    for word in rest:
        if not word.startswith("--"):
            positional.append(word)
            continue
        option = options[word]
        key = word[2:].replace("-", "_")
        value = True if option["flag"] else next(rest)
        if option["repeatable"]:
            keywords.setdefault(key, []).append(value)
        else:
            keywords[key] = value
    keywords.pop("format", None)
    return FUNCTIONS.get(name, name.replace(" ", "_")), positional, keywords


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if key not in MEASURED}
    return [without_times(each) for each in value] if isinstance(value, list) else value


class Twins(unittest.TestCase):
    def test_every_command_of_the_readme(self):
        seen = 0
        self.addCleanup(os.chdir, os.getcwd())
        for words in commands(ROOT / "README.md"):
            if words[0] in WITHOUT_TWIN:
                continue
            name, positional, keywords = called(words)
            if name == "list":
                name = "lists"
            with self.subTest(command=" ".join(words)), tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                typed = [word for i, word in enumerate(words) if "--format" not in (word, *words[i - 1:i])]
                run = subprocess.run([PROGRAM, *typed, "--format", "json"], capture_output=True, text=True, check=True)
                expected = without_times(json.loads(run.stdout))
                if name == "lists":
                    self.assertEqual(list(bw.lists(*positional)), expected["entries"])
                else:
                    for file in pathlib.Path(folder).glob("**/*.sqlite*"):
                        file.unlink()  # results that the program has left are not to be read again
                    answer = getattr(bw, name)(*positional, **keywords)
                    self.assertEqual(without_times(json.loads(answer.to_json())), expected)
                    self.assertEqual(without_times(answer.to_dict()), expected)
                seen += 1
        self.assertGreater(seen, 10)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
