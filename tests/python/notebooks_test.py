#!/usr/bin/python3
"""Every notebook of docs/notebooks runs from its first cell to its last."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))


class Notebooks(unittest.TestCase):
    def test_each_runs(self):
        self.assertGreaterEqual(len(NOTEBOOKS), 6)
        for notebook in NOTEBOOKS:
            with self.subTest(notebook=notebook.name), tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(
                    [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", folder,
                     "--ExecutePreprocessor.timeout=300", notebook], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr[-4000:])


if __name__ == "__main__":
    unittest.main()
