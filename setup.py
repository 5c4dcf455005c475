"""The wheel: what pyproject.toml says, with the compiled half that CMake builds, the inputs and the figures' scripts.

BANDWRIGHT_PRESET names another preset of CMakePresets.json than release.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = pathlib.Path(__file__).resolve().parent
PRESET = os.environ.get("BANDWRIGHT_PRESET", "release")
DATA = ("inputs", "plots")


class Compiled(build_ext):
    """Builds the module with the preset and takes it from there."""

    def build_extension(self, extension):
        target = pathlib.Path(self.get_ext_fullpath(extension.name))
        python = os.path.realpath(sys.executable)  # of a virtual environment the one behind it
        subprocess.run(["cmake", "--preset", PRESET, "-DBANDWRIGHT_PYTHON=ON", f"-DPython3_EXECUTABLE={python}"],
                       cwd=ROOT, check=True)
        subprocess.run(["cmake", "--build", ROOT / "build" / PRESET, "--target", "bandwright_python"], check=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / "build" / PRESET / "python/bandwright" / target.name, target)


class WithData(build_py):
    """The package, with folders that lie elsewhere in the sources."""

    def run(self):
        super().run()
        for name in DATA:
            shutil.copytree(ROOT / name, pathlib.Path(self.build_lib) / "bandwright" / name, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("__pycache__"))


version = re.search(r"project\(bandwright VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
setup(version=version.group(1), ext_modules=[Extension("bandwright._bandwright", sources=[])],
      cmdclass={"build_ext": Compiled, "build_py": WithData})
