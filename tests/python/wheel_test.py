#!/usr/bin/python3
"""The module installed from the sources into a fresh virtual environment, without network: wheel_test.py PRESET"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRESET = sys.argv[1]


class Wheel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.bin = pathlib.Path(cls.folder.name, "venv/bin")
        # Only what was installed counts: no path to a build, no inputs of the sources.
        cls.environment = {"PATH": "/usr/bin:/bin", "HOME": cls.folder.name, "BANDWRIGHT_PRESET": PRESET,
                           "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        cls.run_in(cls, "/usr/bin/python3", "-m", "venv", "--system-site-packages", cls.bin.parent)
        cls.run_in(cls, cls.bin / "pip", "install", "--quiet", "--no-build-isolation", "--no-index", ROOT)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_in(self, *words):
        done = subprocess.run(list(map(str, words)), cwd=self.folder.name, env=self.environment, capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def python(self, text):
        return self.run_in(self.bin / "python", "-c", "import bandwright as bw\n" + text).strip()

    def test_the_module_answers_with_inputs_of_its_own(self):
        self.assertEqual(self.python("print(bw.estimate('llama3-70b', machine='dgx-h100', npus=512, tp=8, pp=4).npus)"),
                         "512")
        folder = self.python("print(bw._ask._bandwright.inputs_folder())")
        self.assertTrue(folder.startswith(os.path.realpath(self.folder.name)), folder)

    def test_it_draws_with_scripts_of_its_own(self):
        self.assertEqual(self.python("print(bw.curve('cosmogan', machine='edison', workers='1..4', batch=64).plot().png[1:4])"),
                         "b'PNG'")

    def test_the_command_line_comes_along(self):
        program = subprocess.run([ROOT / "build" / PRESET / "bin/bandwright", "list", "networks"], capture_output=True,
                                 text=True, check=True).stdout
        self.assertEqual(self.run_in(self.bin / "bandwright", "list", "networks"), program)
        self.assertEqual(self.run_in(self.bin / "python", "-m", "bandwright", "list", "networks"), program)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
