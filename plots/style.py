"""What all figures share: reading results.csv with checks, one look, one colour per allocation."""

import csv
import functools
import math
import os
import re
import sys
import warnings
from pathlib import Path

try:
    import matplotlib
except ImportError:
    sys.exit(f"{sys.executable}: matplotlib is missing; install Debian's python3-matplotlib")

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import matplotlib.ticker  # noqa: E402

# Okabe and Ito's palette: told apart by people of every colour vision.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")

# One look per allocation in every figure: colour and marker both, for print in grey.
ALLOCATIONS = {
    "EqualBW": dict(color="#6E6E6E", marker="o"),
    "PerfOptBW": dict(color=BLUE, marker="s"),
    "PerfPerCostOptBW": dict(color=ORANGE, marker="^"),
    "GroupOptBW": dict(color=GREEN, marker="D"),
    "DGX-like": dict(color=PURPLE, marker="*"),
}
# One look per model, where models are the series.
MODELS = (dict(color=SKY, marker="o"), dict(color=VERMILION, marker="s"), dict(color=BLACK, marker="^"),
          dict(color=PURPLE, marker="D"))

DASHED = (0, (3, 2))

# Classes of link of a network whose file is not among the inputs, by its number of dimensions.
CLASSES = {2: ("Package", "Pod"), 3: ("Package", "Node", "Pod"), 4: ("Tile", "Package", "Node", "Pod")}

plt.rcParams.update({
    "font.size": 10, "axes.titlesize": 11, "axes.labelsize": 10, "legend.fontsize": 9.5,
    "axes.grid": True, "grid.color": "#E3E3E3", "grid.linewidth": 0.7, "axes.axisbelow": True,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#7A7A7A",
    "lines.linewidth": 1.7, "lines.markersize": 5, "savefig.dpi": 160, "pdf.fonttype": 42,
    "svg.hashsalt": "bandwright", "svg.fonttype": "none",
    "figure.constrained_layout.use": True,
})


class Data:
    """Rows of one view of results.csv, numbers checked. Leaves with a message that names file, line and column."""

    TEXT = {"id", "view", "engine", "library", "network", "model", "loop", "recompute", "tables", "prices",
            "allocation", "source", "target", "status"}
    LISTS = {"bandwidth_gb_per_s", "utilization"}
    # What tells points apart beside what figures show; options of jobs, which have columns of their own, follow.
    APART = ("engine", "library", "wiring", "recompute", "tables", "compute_scale", "prices")

    def __init__(self, file, columns, view=None, loop=None):
        self.file = Path(file)
        self.rows = self._read(columns)
        self._name_apart(columns)
        loop = self._keep("loop", loop)
        self.every = self.rows  # of all views
        view = self._keep("view", view)
        self.shown = ", ".join(filter(None, (view, loop)))  # what tells these rows from the others of the file

    def _keep(self, column, wanted):
        """Keeps the rows with this value, or with the file's first; returns it where a reader must be told."""
        choices = self.values(column)
        wanted = text(wanted) if wanted else wanted
        if wanted and wanted not in choices:
            refuse(f"{self.file}: no {column} '{wanted}' (choices: {', '.join(choices)})")
        kept = wanted or choices[0]
        self.rows = [row for row in self.rows if row[column] == kept]
        return kept if wanted or (column == "loop" and len(choices) > 1) else None

    def _name_apart(self, shown):
        """Makes what distinguishes points, and the figure does not ask for, part of the network's name: figures draw
        each network by itself, so that no line joins points of two price lists, machines or divisions."""
        options = [name for name in self.header[self.header.index("mfu") + 1:]] if "mfu" in self.header else []
        for column in self.APART + tuple(options):
            if column in shown or column not in self.header:
                continue
            seen = {}
            for row in self.rows:
                seen.setdefault((row["view"], row["loop"]), set()).add(row["apart"][column])
            if any(len(words) > 1 for words in seen.values()):
                for row in self.rows:
                    word = row["apart"][column]
                    row["network"] += f", {word}" if column in self.APART else f", {column} {word}"
        for row in self.rows:
            del row["apart"]

    def _read(self, columns):
        try:
            with open(self.file, newline="", encoding="utf-8") as stream:
                reader = csv.DictReader(stream)
                header = self.header = reader.fieldnames or []
                missing = [name for name in columns if name not in header]
                if missing:
                    refuse(f"{self.file}: the column '{missing[0]}' is missing; bandwright evaluate writes it again")
                rows = [self._row(row, columns, reader.line_num) for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            refuse(f"{self.file}: {error}")
        if not rows:
            does_not_apply(f"{self.file}: no results in it")
        rows = [row for row in rows if row.get("status", "ok") == "ok"]
        if not rows:
            does_not_apply(f"{self.file}: the figure is of points that are ok, and no point is")
        return rows

    def _row(self, row, columns, line):
        cells = {name: self._cell(name, row[name], line) for name in columns}
        return cells | {"apart": {name: row[name] for name in self.header if name not in columns or name in self.APART}}

    def _cell(self, name, cell, line):
        if cell is None:
            refuse(f"{self.file}:{line}: {name}: the line is too short")
        if name in self.TEXT:
            return text(cell)
        if name in self.LISTS:
            return tuple(number(self.file, line, name, part) for part in cell.split())
        return number(self.file, line, name, cell) if cell else None

    def values(self, column):
        """The different values of a column, in the file's order."""
        return list(dict.fromkeys(row[column] for row in self.rows))

    def select(self, **wanted):
        """Rows whose columns have these values, by budget."""
        rows = [row for row in self.rows if all(row[key] == value for key, value in wanted.items())]
        return sorted(rows, key=lambda row: row.get("budget_gb_per_s") or 0)

    def networks(self, budget="budget_gb_per_s"):
        """Networks that are swept over budgets, by their number of dimensions."""
        swept = [name for name in self.values("network")
                 if len({row[budget] for row in self.rows if row["network"] == name}) > 1]
        if not swept:
            does_not_apply(f"{self.file}: the figure needs a network at several budgets, and this experiment has none")
        return sorted(swept, key=lambda name: (self.select(network=name)[0]["dimensions"], name))

    def one(self, **wanted):
        """The row with these values, or nothing."""
        rows = self.select(**wanted)
        return rows[0] if rows else None


def number(file, line, name, text):
    """A cell as a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        refuse(f"{file}:{line}: {name}: '{text}' is not a number")
    return value


# What a script ends with: 0 drawn, 1 (Python's own) it failed, and
BAD_INPUT, DOES_NOT_APPLY = 2, 3


def refuse(message):
    """Leaves with a message; the status of bad input."""
    print(message, file=sys.stderr)
    sys.exit(BAD_INPUT)


def does_not_apply(message):
    """Leaves with a message: there is no such figure of these results."""
    print(message, file=sys.stderr)
    sys.exit(DOES_NOT_APPLY)


def fail(kind, error, _):
    """In place of Python's traceback, which is nothing to a reader."""
    print(f"{Path(sys.argv[0]).name} failed: {kind.__name__}: {error}", file=sys.stderr)


sys.excepthook = fail
warnings.filterwarnings("ignore")  # of glyphs that a font lacks, and the like


def text(name):
    """A name as matplotlib shows it as it stands: two dollar signs would be mathematics."""
    return name.replace("$", "\\$")


def inputs_folder():
    """Where the program has its inputs: as it says, or beside these scripts."""
    return Path(os.environ.get("BANDWRIGHT_INPUTS") or Path(__file__).resolve().parent.parent / "inputs")


@functools.lru_cache
def link_limits():
    """GB/s per NPU that links of a class reach today; a network that needs more cannot be built (yet)."""
    try:
        with open(inputs_folder() / "link_limits.csv", newline="", encoding="utf-8") as stream:
            return {row["class"]: float(row["gb_per_s"]) for row in csv.DictReader(stream)}
    except (OSError, KeyError, ValueError) as error:
        refuse(f"{inputs_folder() / 'link_limits.csv'}: {error}")


@functools.lru_cache
def dimensions_of(network, count):
    """Name and class of link of each dimension, the innermost first: of the network's file where it is an input, else
    numbers and the usual classes."""
    usual = CLASSES.get(count, (None,) * count)
    found = []
    try:
        text = (inputs_folder() / "networks" / f"{network.split(',')[0].lower()}.yaml").read_text(encoding="utf-8")
        found = re.findall(r"kind: (\w+), npus: (\d+), class: (\w+)", text)
    except (OSError, ValueError):
        pass
    if len(found) == count:
        return [(f"{kind}({npus})", group) for kind, npus, group in found]
    return [(f"dimension {d + 1}", group) for d, group in enumerate(usual)]


def feasible(row):
    """Whether every dimension stays within what its class of link reaches; unknown classes do not bind."""
    limits = [link_limits().get(group, math.inf) for _, group in dimensions_of(row["network"], int(row["dimensions"]))]
    return all(b <= limit * (1 + 1e-9) for b, limit in zip(row["bandwidth_gb_per_s"], limits))


def curve(axes, rows, value, label=None, published=False, **look):
    """A line over the budget: solid where the network can be built, dashed and pale where not; published
    shares are hollow markers without a line. A line of many points has no markers."""
    if len(rows) > 40:
        look = look | dict(marker=None)
    x = [row["budget_gb_per_s"] for row in rows]
    y = [value(row) for row in rows]
    if published:
        axes.plot(x, y, linestyle="none", markerfacecolor="none", markersize=9, markeredgewidth=1.1,
                  label=label, color=look["color"], marker=look["marker"], zorder=2)
        return
    last = sum(1 for _ in _leading(rows))
    axes.plot(x[:last], y[:last], label=label, zorder=3, **look)
    if last < len(rows):
        start = max(last - 1, 0)
        axes.plot(x[start:], y[start:], linestyle=DASHED, linewidth=1.2, zorder=2.5, markevery=(last - start, 1),
                  markersize=3, label=label if last == 0 else None, **look)


def _leading(rows):
    for row in rows:
        if not feasible(row):
            return
        yield row


def panels(rows, columns, width=3.6, height=2.7, **options):
    """A grid of panels; always a two-dimensional array. A lone panel is larger."""
    if rows * columns == 1:
        width, height = 6.4, 3.8
    return plt.subplots(rows, columns, figsize=(width * columns + 0.4, height * rows + 0.9), squeeze=False, **options)


def name_panel(panel, data, text):
    """A panel's title, with what tells its rows from others of the same file."""
    panel.set_title(f"{text}, {data.shown}" if data.shown else text)


def legend(figure, axes, extra=()):
    """One legend above all panels, in as many rows as it needs."""
    entries = {}
    for panel in axes.flat:
        for handle, label in zip(*panel.get_legend_handles_labels()):
            entries.setdefault(label, handle)
    for handle in extra:
        entries.setdefault(handle.get_label(), handle)
    width, height = figure.get_size_inches()
    longest = max(map(len, entries))
    per_row = max(1, int(width / max(1.95, 0.6 + 0.075 * longest)))
    rows = -(-len(entries) // per_row)
    columns = -(-len(entries) // rows)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - (0.12 + 0.2 * rows) / height))
    figure.legend(entries.values(), entries.keys(), loc="upper center", ncol=columns, frameon=False, handlelength=2.4)


def dashed_entry():
    """The legend's entry for stretches that cannot be built."""
    return matplotlib.lines.Line2D([], [], color="#444444", linestyle=DASHED, linewidth=1.2, marker="o", markersize=3,
                                   label="dashed: beyond today's links")


def hollow_entry():
    return matplotlib.lines.Line2D([], [], color="#444444", linestyle="none", marker="o", markersize=9,
                                   markerfacecolor="none", label="hollow: published shares")


def plain_numbers(axis):
    """10, 20, 50 on a logarithmic axis, rather than powers."""
    axis.set_major_locator(matplotlib.ticker.LogLocator(10, subs=(1, 2, 5)))
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def budget_axis(axes):
    axes.set_xlabel("bandwidth budget, GB/s per NPU")
    axes.set_xlim(left=0)


def save(figure, target):
    """Writes TARGET.png and TARGET.pdf, and TARGET.svg where $BANDWRIGHT_SVG is set."""
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(f"{target}.png", metadata={"Software": None})
        figure.savefig(f"{target}.pdf", metadata={"CreationDate": None})
        if os.environ.get("BANDWRIGHT_SVG"):
            figure.savefig(f"{target}.svg", metadata={"Date": None})
    except OSError as error:
        refuse(f"{target}: {error}")


def arguments(description):
    """RESULTS.csv TARGET [--view NAME] [--loop NAME]"""
    import argparse
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("csv", help="results.csv of an experiment")
    parser.add_argument("target", help="the figure's path without its ending")
    parser.add_argument("--view", help="which of the experiment's views (default: the first)")
    parser.add_argument("--loop", help="which training loop (default: the first)")
    return parser.parse_args()
