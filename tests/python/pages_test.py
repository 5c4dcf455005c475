#!/usr/bin/python3
"""What pages say of the module holds: their examples print what they show, their types pass mypy --strict, and the
stubs are those of the commands."""

import doctest
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import bandwright as bw

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/python.md", "docs/tutorial.md")
NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))
UNTYPED = "[mypy]\nstrict = true\n[mypy-pandas.*]\nignore_missing_imports = true\n"  # pandas has no types of its own


class Pages(unittest.TestCase):
    def test_examples_print_what_they_show(self):
        for page in PAGES:
            with self.subTest(page=page):
                flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
                failed, tried = doctest.testfile(str(ROOT / page), module_relative=False, optionflags=flags)
                self.assertEqual(failed, 0)
                self.assertGreater(tried, 0)

    def test_examples_have_types(self):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for page in PAGES:
                examples = doctest.DocTestParser().get_examples((ROOT / page).read_text(encoding="utf-8"))
                files.append(pathlib.Path(folder, pathlib.Path(page).stem + ".py"))
                files[-1].write_text("".join(example.source for example in examples), encoding="utf-8")
            for notebook in NOTEBOOKS:
                cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
                code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
                files.append(pathlib.Path(folder, notebook.stem + ".py"))
                files[-1].write_text("\n".join(code) + "\n", encoding="utf-8")
            settings = pathlib.Path(folder, "mypy.ini")
            settings.write_text(UNTYPED, encoding="utf-8")
            checked = subprocess.run([sys.executable, "-m", "mypy", "--config-file", settings, "--cache-dir", folder, *files],
                                     capture_output=True, text=True, cwd=ROOT)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_questions_name_every_command(self):
        page = (ROOT / "docs/questions.md").read_text(encoding="utf-8")
        for command in bw.commands():
            self.assertIn(f"bandwright {command['name']}", page)

    def test_stubs_are_those_of_the_commands(self):
        written = subprocess.run([sys.executable, "-m", "bandwright._stubs"], capture_output=True, text=True, check=True)
        self.assertEqual((ROOT / "python/bandwright/__init__.pyi").read_text(encoding="utf-8"), written.stdout)


if __name__ == "__main__":
    unittest.main()
