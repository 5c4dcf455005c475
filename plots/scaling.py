"""Speedup and efficiency against workers, from the CSV that bandwright scale fit or scale simulate writes.

Of a fit: measured points, the law with its 95 % range, the ideal line, and where more workers stop paying. Of a
simulation: the simulated curve, measured points where there are any, and points that do not fit in memory.
"""

import argparse
import csv
import sys

import style
from style import plt

FIT = ("series", "kind", "law", "workers", "value_name", "shown", "low", "high", "speedup", "efficiency")
SIMULATION = ("workers", "fits", "items_per_s", "efficiency", "measured_items_per_s")
MEASURED = dict(color=style.BLACK, linestyle="none", marker="o", zorder=4)
LEFT_OUT = dict(color=style.VERMILION, linestyle="none", marker="x", markersize=8, zorder=4)
HELD_OUT = dict(color=style.BLACK, linestyle="none", marker="o", markerfacecolor="white", zorder=4)
PREDICTED = dict(color=style.BLUE, linestyle="none", marker="D", zorder=4)
IDEAL = dict(color="#8A8A8A", linestyle=(0, (4, 3)), linewidth=1.2)


def read(file):
    """The rows as dictionaries of text and numbers (nothing for empty cells), and whether they are of a fit."""
    words = {"series", "kind", "law", "value_name", "fits"}
    try:
        with open(file, newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            header = reader.fieldnames or []
            is_fit = "kind" in header
            wanted = FIT if is_fit else SIMULATION
            missing = [name for name in wanted if name not in header]
            if missing:
                style.refuse(f"{file}: the column '{missing[0]}' is missing; "
                         "bandwright scale fit and scale simulate write it with --format csv")
            rows = []
            for row in reader:
                if None in row.values():
                    style.refuse(f"{file}:{reader.line_num}: the line is too short")
                rows.append({name: row[name] if name in words else
                             style.number(file, reader.line_num, name, row[name]) if row[name] else None
                             for name in wanted})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        style.refuse(f"{file}: {error}")
    if not rows:
        style.refuse(f"{file}: no rows in it")
    return rows, is_fit


def ideal(panel, largest):
    panel.plot([1, largest], [1, largest], label="ideal", **IDEAL)


def axes_of(panel, largest):
    panel.set_xscale("log", base=2)
    panel.set_yscale("log", base=2)
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:g}"))
    panel.set_xlim(0.9, largest * 1.15)
    panel.set_xlabel("workers")


def law(panel, rows):
    """The law's speedup with its range. The range is of the value (seconds, or work per second); its relative width
    is that of the speedup."""
    n = [row["workers"] for row in rows]
    speedup = [row["speedup"] for row in rows]
    panel.plot(n, speedup, color=style.BLUE, label=f"law: {style.text(rows[0]['law'])}", zorder=3)
    if any(row["low"] is None for row in rows):
        return
    is_time = rows[0]["value_name"] == "seconds"
    factors = [(row["shown"] / row["high"], row["shown"] / row["low"]) if is_time else
               (row["low"] / row["shown"], row["high"] / row["shown"]) for row in rows]
    panel.fill_between(n, [s * low for s, (low, _) in zip(speedup, factors)],
                       [s * high for s, (_, high) in zip(speedup, factors)],
                       color=style.BLUE, alpha=0.15, linewidth=0, label="95 % range")


def draw_fit(rows):
    names = list(dict.fromkeys(row["series"] for row in rows))
    columns = min(3, len(names))
    figure, axes = style.panels(-(-len(names) // columns), columns)
    for panel in axes.flat[len(names):]:
        panel.set_visible(False)
    for panel, name in zip(axes.flat, names):
        own = [row for row in rows if row["series"] == name]
        kinds = {kind: [row for row in own if row["kind"] == kind] for kind in
                 ("measured", "left_out", "held_out", "predicted", "law", "pays_until")}
        largest = max(row["workers"] for row in own if row["kind"] != "pays_until")
        ideal(panel, largest)
        if kinds["law"]:
            law(panel, kinds["law"])
        for kind, label, look in (("measured", "measured", MEASURED), ("left_out", "left out", LEFT_OUT),
                                  ("held_out", "held out", HELD_OUT), ("predicted", "predicted", PREDICTED)):
            points = kinds[kind]
            if points:
                panel.plot([row["workers"] for row in points], [row["speedup"] for row in points], label=label, **look)
        for row in kinds["pays_until"]:
            if row["workers"] <= largest:
                panel.axvline(row["workers"], color=style.ORANGE, linewidth=1.3, label="stops paying")
                panel.annotate(f"{row['workers']:g}", (row["workers"], 1), textcoords="offset points", xytext=(3, 2),
                               color=style.ORANGE)
        axes_of(panel, largest)
        panel.set_title(style.text(name) or "measured")
    for row in axes:
        row[0].set_ylabel("speedup")
    style.legend(figure, axes)
    return figure


def draw_simulation(rows):
    figure, axes = style.panels(1, 2)
    rate, efficiency = axes.flat
    fitting = [row for row in rows if row["items_per_s"] is not None]
    if not fitting:
        style.does_not_apply("no point could be simulated: nothing to draw")
    largest = max(row["workers"] for row in rows)
    first = fitting[0]
    per_worker = first["items_per_s"] / first["workers"] / first["efficiency"]
    n = [row["workers"] for row in fitting]
    least = min(row["workers"] for row in rows)
    rate.plot([least, largest], [per_worker * least, per_worker * largest], label="ideal", **IDEAL)
    rate.plot(n, [row["items_per_s"] for row in fitting], color=style.BLUE, marker="s", label="simulated")
    measured = [row for row in rows if row["measured_items_per_s"] is not None]
    if measured:
        rate.plot([row["workers"] for row in measured], [row["measured_items_per_s"] for row in measured],
                  label="measured", **MEASURED)
        efficiency.plot([row["workers"] for row in measured],
                        [row["measured_items_per_s"] / row["workers"] / per_worker for row in measured], **MEASURED)
    for row in rows:
        if row["fits"] == "false":
            efficiency.axvline(row["workers"], color=style.VERMILION, linewidth=1.3, label="does not fit in memory")
    efficiency.plot(n, [row["efficiency"] for row in fitting], color=style.BLUE, marker="s")
    efficiency.axhline(1, **IDEAL)
    for panel in axes.flat:
        axes_of(panel, largest)
        panel.set_xlim(0.9 * least, largest * 1.15)
    rate.set_yscale("log")  # rates are no powers of two
    rate.yaxis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:,g}"))
    efficiency.set_yscale("linear")
    efficiency.set_ylim(bottom=0)
    rate.set_ylabel("items per second")
    efficiency.set_ylabel("efficiency")
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", help="what scale fit or scale simulate wrote with --format csv")
    parser.add_argument("target", help="the figure's path without its ending")
    options = parser.parse_args()
    table, of_fit = read(options.csv)
    style.save(draw_fit(table) if of_fit else draw_simulation(table), options.target)
