#!/usr/bin/python3
"""What is installed beside the program: packaging_test.py PROGRAM"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv[1]).resolve()


def completed(*words):
    """What bash offers for the last word."""
    script = ('source "$1"; shift; COMP_WORDS=(bandwright "$@"); COMP_CWORD=$#; compopt() { :; }; _bandwright; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "bash", ROOT / "scripts/completion/bandwright.bash", *words],
                          capture_output=True, text=True, check=True,
                          env={"PATH": f"{PROGRAM.parent}:/usr/bin:/bin"})
    return done.stdout.split()


class Completion(unittest.TestCase):
    def test_commands_options_and_names(self):
        self.assertEqual(completed("est"), ["estimate"])
        self.assertEqual(completed("scale", "f"), ["fit"])
        self.assertEqual(completed("estimate", "llama3-70b", "--mach"), ["--machine"])
        self.assertEqual(completed("estimate", "llama3-70b", "--machine", "dgx-h"), ["dgx-h100", "dgx-h200"])
        self.assertEqual(completed("estimate", "gpt3-1"), ["gpt3-175b"])
        self.assertEqual(completed("plan", "x", "--format", "j"), ["json"])
        self.assertEqual(completed("evaluate", "libra-4"), ["libra-4096"])
        self.assertEqual(completed("nothing"), [])

    def test_every_listed_machine_is_offered(self):
        listed = subprocess.run([PROGRAM, "list", "machines", "--format", "csv"], capture_output=True, text=True,
                                check=True).stdout.splitlines()[1:]
        self.assertEqual(completed("estimate", "x", "--machine", ""), [line.split(",")[1] for line in listed])


    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish_offers_the_same_and_files_where_there_is_nothing(self):
        def offered(line, folder):
            script = f"source {ROOT / 'scripts/completion/bandwright.fish'}; complete -C {line!r}"
            done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True, cwd=folder,
                                  env={"PATH": f"{PROGRAM.parent}:/usr/bin:/bin", "HOME": folder})
            return done.stdout.split()

        with tempfile.TemporaryDirectory() as folder:
            for name in ("figures.yaml", "dgx-h-own.yaml"):
                pathlib.Path(folder, name).touch()
            self.assertEqual(offered("bandwright est", folder), ["estimate"])
            self.assertEqual(offered("bandwright scale f", folder), ["fit"])
            self.assertEqual(offered("bandwright estimate x --machine dgx-h", folder), ["dgx-h100", "dgx-h200"])
            self.assertEqual(offered("bandwright check fig", folder), ["figures.yaml"])


@unittest.skipUnless(shutil.which("help2man") and shutil.which("man"), "no help2man")
class Manual(unittest.TestCase):
    def test_every_command_has_a_page(self):
        with tempfile.TemporaryDirectory() as folder:
            named = (ROOT / "cmake/BandwrightPackage.cmake").read_text(encoding="utf-8")
            commands = re.search(r'foreach\(command "" ([^)]*)\)', named).group(1)
            commands = ["", *(words.strip('"') for words in re.findall(r'"[^"]+"|\S+', commands))]
            shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
            listed = re.findall(r"^  ([a-z]+) +[A-Z]", shown, re.MULTILINE)
            self.assertLessEqual(set(listed), {words.split()[0] for words in commands if words})
            name_lines = set()
            for command in commands:
                page = pathlib.Path(folder, "page.1")
                subprocess.run(["cmake", "-D", f"HELP2MAN={shutil.which('help2man')}", "-D", f"PROGRAM={PROGRAM}", "-D",
                                f"COMMAND={command}", "-D", "VERSION=1", "-D", f"OUTPUT={page}", "-P",
                                ROOT / "cmake/manual.cmake"], check=True, capture_output=True)
                drawn = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, check=True)
                self.assertEqual(drawn.stderr, "", command)
                self.assertIn("EXAMPLES" if "EXAMPLES" in drawn.stdout else "OPTIONS", drawn.stdout)
                # As `apropos` has it: the page, a dash, what it is about in the words of the help.
                name_line = re.search(r"^NAME\n\s+(.*?)\n\n", drawn.stdout, re.MULTILINE | re.DOTALL).group(1)
                name, about = re.sub(r"\s+", " ", name_line).split(" - ", 1)
                self.assertEqual(name, "-".join(["bandwright", *command.split()]))
                self.assertGreater(len(about), 20)
                name_lines.add(about)
            self.assertEqual(len(name_lines), len(commands))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
