"""How the full-fidelity engine's CPU time grows with NPUs, dimensions and chunks.

usage: engine_growth.py GROWTH.csv OUTPUT.svg
GROWTH.csv is written by: bandwright_benchmark_engine --benchmark_filter=growth --benchmark_format=csv
"""

import csv
import re
import sys

import style
import matplotlib.pyplot as plt

NAME = re.compile(r"growth/npus:(\d+)/dimensions:(\d+)/chunks:(\d+)")


def series(path):
    """CPU milliseconds by NPUs in all, for each (dimensions, chunks)."""
    found = {}
    with open(path, newline="", encoding="utf-8") as file:
        lines = file.read().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("name,"))
    for row in csv.DictReader(lines[start:]):
        match = NAME.search(row["name"])
        if match:
            along, dimensions, chunks = map(int, match.groups())
            found.setdefault((dimensions, chunks), []).append((along**dimensions, float(row["cpu_time"])))
    return found


def draw(found):
    figure, panel = plt.subplots(figsize=(6.4, 4.2))
    colours = {1: style.BLUE, 2: style.ORANGE, 3: style.GREEN}
    for (dimensions, chunks), points in sorted(found.items()):
        points.sort()
        panel.plot([npus for npus, _ in points], [ms for _, ms in points], color=colours.get(dimensions, style.BLACK),
                   marker="o" if chunks == 1 else "s", linestyle="-" if chunks == 1 else style.DASHED,
                   label=f"{dimensions} ring{'s' if dimensions > 1 else ''}, {chunks} chunk{'s' if chunks > 1 else ''}")
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    panel.set_xlabel("NPUs in all")
    panel.set_ylabel("CPU time of an all-reduce in full, ms")
    panel.legend()
    return figure


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    draw(series(sys.argv[1])).savefig(sys.argv[2])
