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
    """A drawn picture. A notebook shows it; ``save("step.png")``, ``.pdf`` or ``.svg`` writes it."""

    def __init__(self, png, pdf, draw_svg):
        self.png = png
        self.pdf = pdf
        self._draw_svg = draw_svg

    @property
    def svg(self):
        """The picture as SVG, drawn now."""
        return self._draw_svg()

    def save(self, path):
        """Writes the picture, as a PNG, a PDF or an SVG as the path ends."""
        path = Path(path)
        ending = path.suffix.lower()
        if ending not in (".png", ".pdf", ".svg"):
            raise InputError(f"'{path}': a figure is a .png, a .pdf or a .svg")
        path.write_bytes(getattr(self, ending[1:]))
        return path

    def _repr_png_(self):
        return self.png

    def __repr__(self):
        return f"<bandwright.Figure, {len(self.png)} bytes as PNG>"


def draw(script, data, options=(), svg=False):
    """What plots/SCRIPT.py draws of a file: bytes by ending."""
    with tempfile.TemporaryDirectory(prefix="bandwright-") as folder:
        target = os.path.join(folder, "figure")
        path = os.path.join(_bandwright.plots_folder(), f"{script}.py")
        done = subprocess.run([sys.executable, "-B", path, data, target, *options], capture_output=True, text=True,
                              env=os.environ | {"BANDWRIGHT_SVG": "1" if svg else ""})
        message = done.stderr.strip() or f"{path} ended with status {done.returncode}"
        if done.returncode == DOES_NOT_APPLY:
            raise NoAnswer(message)
        if done.returncode != 0:
            raise InputError(message)
        return {ending: Path(f"{target}.{ending}").read_bytes() for ending in ("png", "pdf", *(["svg"] if svg else []))}


def drawn(answer, command, figure, options):
    """The picture of an answer."""
    def again(svg):
        return drawn_as_bytes(answer, command, figure, options, svg)
    pictures = again(svg=False)
    return Figure(pictures["png"], pictures["pdf"], lambda: again(svg=True)["svg"])


def drawn_as_bytes(answer, command, figure, options, svg):
    if command == "evaluate":
        words = [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
        return draw(figure or "fig12", answer.file, words, svg)
    if figure is not None or options:
        raise InputError("only an experiment has several figures, views and loops to choose from")
    with tempfile.TemporaryDirectory(prefix="bandwright-") as folder:
        if command in ("simulate", "estimate"):
            return draw("timeline", answer.to_perfetto(os.path.join(folder, "step.json")), svg=svg)
        if command == "validate":
            from ._ask import ask
            rows = os.path.join(folder, "rows.csv")
            ask(*answer.command[1:], "--rows", rows)
            return draw("validation", rows, svg=svg)
        if command not in SCRIPTS:
            raise InputError(f"the answer of `{command}` has no picture")
        table = os.path.join(folder, "answer.csv")
        answer.to_csv(table)
        return draw(SCRIPTS[command], table, svg=svg)
