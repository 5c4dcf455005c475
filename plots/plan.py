"""The space that bandwright plan searched, from the CSV that it writes with --plot.

On the left the best step over TP x PP: each cell is the best of everything else (CP, EP, ZeRO, recomputation, ...), the
frame is the best of all, and what does not fit is hatched. With --pareto on the right the front: proved, so that nothing
is in the grey.
"""

import argparse
import csv
import math

import style
from style import plt

COLUMNS = ("drawn", "npus", "tensor", "pipeline", "step_time_s", "fits", "memory_bytes", "minimized", "weighed")
WORDS = {"drawn", "fits", "minimized"}
WEIGHED = {"time": "NPUs", "cost-per-token": "cost of a token: \\$ per million, else NPU hours of a step",
           "network-cost": "network cost, \\$", "perf-per-cost": "step time x network cost, s \\$"}


def read(file):
    try:
        with open(file, newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                style.refuse(f"{file}: the column '{missing[0]}' is missing; bandwright plan writes it with --plot")
            rows = []
            for row in reader:
                if None in row.values():
                    style.refuse(f"{file}:{reader.line_num}: the line is too short")
                rows.append({name: row[name] if name in WORDS else
                             style.number(file, reader.line_num, name, row[name]) if row[name] else None
                             for name in COLUMNS})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        style.refuse(f"{file}: {error}")
    if not rows:
        style.does_not_apply(f"{file}: no division in it")
    return rows


def seconds(value):
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def draw_cells(figure, panel, cells):
    """Factors over the best, so that colours mean the same in every picture."""
    tensors = sorted({row["tensor"] for row in cells})
    pipelines = sorted({row["pipeline"] for row in cells})
    best = min((row["step_time_s"] for row in cells if row["step_time_s"]), default=None)
    factors = [[math.nan] * len(tensors) for _ in pipelines]
    small = len(tensors) > 9 or len(pipelines) > 9
    for row in cells:
        x, y = tensors.index(row["tensor"]), pipelines.index(row["pipeline"])
        if row["step_time_s"] is None:
            panel.add_patch(plt.Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor="#F4F4F4", edgecolor="#B0B0B0",
                                          hatch="////", linewidth=0))
            continue
        factors[y][x] = row["step_time_s"] / best
    image = panel.imshow(factors, origin="lower", aspect="auto", cmap="viridis_r", vmin=1, vmax=3, zorder=1)
    for row in cells:
        if row["step_time_s"] is None:
            continue
        x, y = tensors.index(row["tensor"]), pipelines.index(row["pipeline"])
        dark = row["step_time_s"] / best > 1.9
        panel.text(x, y, seconds(row["step_time_s"]), ha="center", va="center", fontsize=7 if small else 9,
                   color="white" if dark else "black", zorder=3)
        if row["step_time_s"] == best:
            panel.add_patch(plt.Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, edgecolor=style.VERMILION, linewidth=2.5,
                                          zorder=4))
    panel.set_xticks(range(len(tensors)), [f"{value:g}" for value in tensors])
    panel.set_yticks(range(len(pipelines)), [f"{value:g}" for value in pipelines])
    panel.set_xlim(-0.5, len(tensors) - 0.5)
    panel.set_ylim(-0.5, len(pipelines) - 0.5)
    panel.grid(False)
    panel.set_xlabel("TP")
    panel.set_ylabel("PP")
    panel.set_title(f"best step on {cells[0]['npus']:,.0f} NPUs, s (hatched: does not fit; white: no such division)")
    figure.colorbar(image, ax=panel, label="times the best step", extend="max", shrink=0.85)


def draw_front(panel, front):
    front = sorted(front, key=lambda row: row["step_time_s"])
    x = [row["weighed"] for row in front]
    y = [row["step_time_s"] for row in front]
    # A step function: between two points of the front nothing is better than the dearer one in neither.
    order = sorted(zip(x, y))
    edge_x, edge_y = [], []
    for (left, high), (right, _) in zip(order, order[1:]):
        edge_x += [left, right]
        edge_y += [high, high]
    edge_x.append(order[-1][0])
    edge_y.append(order[-1][1])
    panel.plot(edge_x, edge_y, color=style.BLACK, linewidth=1.2, linestyle=(0, (1, 1)), zorder=2,
               label="proved: nothing of these NPU counts is below")
    for values, scale in ((x, panel.set_xscale), (y, panel.set_yscale)):
        if max(values) > 5 * min(values):
            scale("log")
    low = min(y) / 1.6
    panel.fill_between(edge_x, edge_y, low, color="#EFEFEF", zorder=0)
    panel.plot(x, y, color=style.BLUE, marker="s", linestyle="none", zorder=3, label="the best of an NPU count")
    for row in front:
        panel.annotate(f"{row['npus']:,.0f}", (row["weighed"], row["step_time_s"]), textcoords="offset points",
                       xytext=(5, 4), fontsize=8)
    panel.set_ylim(low, max(y) * 1.4)
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:,g}"))
        if axis.get_scale() == "log":
            axis.set_major_locator(plt.LogLocator(subs=(1, 2, 5)))
            axis.set_minor_formatter(plt.NullFormatter())
    panel.set_xlabel(WEIGHED.get(front[0]["minimized"], style.text(front[0]["minimized"])))
    panel.set_ylabel("training step, s")
    panel.set_title("Pareto front")
    panel.legend(frameon=False, loc="upper right")


def draw(rows):
    cells = [row for row in rows if row["drawn"] == "cell"]
    front = [row for row in rows if row["drawn"] == "front" and row["weighed"]]
    parts = [part for part in (cells, front) if part]
    figure, axes = plt.subplots(1, len(parts), figsize=(6.6 * len(parts), 4.6), squeeze=False)
    panels = iter(axes.flat)
    if cells:
        draw_cells(figure, next(panels), cells)
    if front:
        draw_front(next(panels), front)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", help="what bandwright plan --plot writes")
    parser.add_argument("target", help="the figure's path without its ending")
    options = parser.parse_args()
    style.save(draw(read(options.csv)), options.target)
