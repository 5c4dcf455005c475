"""The wheel: what pyproject.toml says, with the compiled half that CMake builds, the inputs and the figures' scripts."""

import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = pathlib.Path(__file__).resolve().parent
DATA = ("inputs", "plots")


class Compiled(build_ext):
    """Builds the module with the release preset and takes it from there."""

    def build_extension(self, extension):
        target = pathlib.Path(self.get_ext_fullpath(extension.name))
        subprocess.run(["cmake", "--preset", "release", "-DBANDWRIGHT_PYTHON=ON",
                        f"-DPython3_EXECUTABLE={sys.executable}"], cwd=ROOT, check=True)
        subprocess.run(["cmake", "--build", "--preset", "release", "--target", "bandwright_python"], cwd=ROOT, check=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / "build/release/python/bandwright" / target.name, target)


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
