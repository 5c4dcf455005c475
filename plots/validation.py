#!/usr/bin/env python3
"""Predicted against measured, one panel per data set: validation.py rows.csv figure.svg

rows.csv is what `bandwright validate --rows` writes.
"""
import collections
import csv
import math
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def read_rows(path):
    sets = collections.OrderedDict()
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sets.setdefault(row["set"], []).append(row)
    return sets


def draw(axes, name, rows):
    measured = [float(row["measured"]) for row in rows]
    predicted = [float(row["predicted"]) for row in rows]
    low, high = min(measured + predicted), max(measured + predicted)
    axes.loglog([low, high], [low, high], color="black", linewidth=0.8)
    axes.loglog(measured, predicted, ".", markersize=3, alpha=0.6)
    mean = sum(abs(p / m - 1) for p, m in zip(predicted, measured)) / len(rows)
    axes.set_title(f"{name}\n{len(rows)} rows, mean error {100 * mean:.1f} %", fontsize=7)
    axes.set_xlabel(f"measured, {rows[0]['metric']}", fontsize=6)
    axes.set_ylabel("predicted", fontsize=6)
    axes.tick_params(labelsize=5)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sets = read_rows(sys.argv[1])
    columns = min(4, len(sets))
    lines = math.ceil(len(sets) / columns)
    figure, axes = plt.subplots(lines, columns, figsize=(3 * columns, 3 * lines), squeeze=False)
    flat = [each for line in axes for each in line]
    for panel in flat[len(sets):]:
        panel.set_visible(False)
    for panel, (name, rows) in zip(flat, sets.items()):
        draw(panel, name, rows)
    figure.tight_layout()
    figure.savefig(sys.argv[2])


if __name__ == "__main__":
    main()
