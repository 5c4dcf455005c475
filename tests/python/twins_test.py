#!/usr/bin/python3
"""Every command of the README, and each other one, has a twin in Python with equal numbers: twins_test.py BANDWRIGHT

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
# Of commands that the README names without an example.
MORE = """
plan llama3-8b --npu h100 --npus 64 --global-batch 256 --budget '$60000' --cp 1 --best 3
plan llama3-8b --machine dgx-h100 --npus 8,16,32 --global-batch 256 --pareto
share 'LeafSpine(2x8, spines 1, oversubscription 4, bandwidth 50)' --job 'name: a; at: npu[::2]; collective: all-reduce; size: 64 MiB' --job 'name: b; at: npu[1::2]; start: 1 ms; collective: all-to-all; size: 64 MiB'
network 'FatTree(64, radix 16)' --bandwidth 50
optimize 'RailOptimised(4x8, inside 450, bandwidth 50)' 300 --collective all-reduce --size '64 MiB' Perf
simulate 'FatTree(64, radix 16)' --bandwidth 50 --collective all-to-all --size '64 MiB' --routing ecmp --seeds 3
calibrate dgx-h100 --step 16.2 --model llama3-70b --npus 512 --tp 8 --pp 4 --sequence-parallel --global-batch 1024 --machine-file ours.yaml
scale simulate cosmogan --machine edison --workers 1..8 --batch 64
export 1T --to astra-sim-1 --recompute full --output layers
validate
"""


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
        for words in [*commands(ROOT / "README.md"), *(shlex.split(line) for line in MORE.strip().splitlines())]:
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
        self.assertGreater(seen, 20)

    def test_a_text_is_the_same_text(self):
        for words in (["import", ROOT / "inputs/fabrics/infragraph/clos.yaml"], ["check", "--schema", "machine"]):
            with self.subTest(words=words):
                printed = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=True).stdout
                self.assertEqual(bw.ask(*words), printed)
        self.assertEqual(bw.import_file(ROOT / "inputs/fabrics/infragraph/clos.yaml"),
                         bw.ask("import", ROOT / "inputs/fabrics/infragraph/clos.yaml"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
