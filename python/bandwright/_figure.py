"""Pictures of answers: the scripts that the command line draws with, run by the same Python."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import _bandwright
from ._bandwright import InputError, NoAnswer

SCRIPTS = {"scale simulate": "scaling", "scale fit": "scaling", "place": "placement"}
DOES_NOT_APPLY = 3


class Figure:
    """A drawn picture. A notebook shows it; ``save("step.png")`` or ``.pdf`` writes it."""

    def __init__(self, png, pdf):
        self.png = png
        self.pdf = pdf

    def save(self, path):
        """Writes the picture, as a PNG or a PDF as the path ends."""
        path = Path(path)
        if path.suffix.lower() not in (".png", ".pdf"):
            raise InputError(f"'{path}': a figure is a .png or a .pdf")
        path.write_bytes(self.pdf if path.suffix.lower() == ".pdf" else self.png)
        return path

    def _repr_png_(self):
        return self.png

    def __repr__(self):
        return f"<bandwright.Figure, {len(self.png)} bytes as PNG>"


def draw(script, data, options=()):
    """What plots/SCRIPT.py draws of a file."""
    with tempfile.TemporaryDirectory(prefix="bandwright-") as folder:
        target = os.path.join(folder, "figure")
        path = os.path.join(_bandwright.plots_folder(), f"{script}.py")
        done = subprocess.run([sys.executable, "-B", path, data, target, *options], capture_output=True, text=True)
        message = done.stderr.strip() or f"{path} ended with status {done.returncode}"
        if done.returncode == DOES_NOT_APPLY:
            raise NoAnswer(message)
        if done.returncode != 0:
            raise InputError(message)
        return Figure(Path(target + ".png").read_bytes(), Path(target + ".pdf").read_bytes())


def drawn(answer, command, figure, options):
    """The picture of an answer."""
    if command == "evaluate":
        words = [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
        return draw(figure or "fig12", answer.file, words)
    if figure is not None or options:
        raise InputError("only an experiment has several figures, views and loops to choose from")
    with tempfile.TemporaryDirectory(prefix="bandwright-") as folder:
        if command in ("simulate", "estimate"):
            return draw("timeline", answer.to_perfetto(os.path.join(folder, "step.json")))
        if command == "validate":
            from ._ask import ask
            rows = os.path.join(folder, "rows.csv")
            ask(*answer.command[1:], "--rows", rows)
            return draw("validation", rows)
        if command not in SCRIPTS:
            raise InputError(f"the answer of `{command}` has no picture")
        table = os.path.join(folder, "answer.csv")
        answer.to_csv(table)
        return draw(SCRIPTS[command], table)
