"""Figures of `bandwright place --sweep --plot`: python3 placement.py TABLE.csv FIGURE.png

Reads the table of `bandwright place --format csv` alone. Four panels: slowdown, the share of bytes that kernels
find in fast memory and copied bytes, each against the share of memory that is fast; and slowdown against the
cost of the memory, with the Pareto front.
"""

import csv
import sys
from collections import defaultdict

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["slowdown"]]
    lines = defaultdict(list)
    for row in rows:
        slow, fast = (float(side) for side in row["ratio"].split(":"))
        row["fast_share"] = fast / (slow + fast)
        lines[row["policy"]].append(row)
    for line in lines.values():
        line.sort(key=lambda row: row["fast_share"])
    return rows, lines


def gigabytes_copied(row):
    return (float(row["bytes_to_slow"]) + float(row["bytes_to_fast"])) / 1e9


def draw_line_panel(axis, lines, value, label):
    for policy, line in lines.items():
        points = [(row["fast_share"], value(row)) for row in line if value(row) is not None]
        axis.plot(*zip(*points), marker="o", markersize=3, label=policy) if points else None
    axis.set_xlabel("share of the peak that fits fast memory")
    axis.set_ylabel(label)
    axis.grid(alpha=0.3)


def draw_front(axis, rows, lines):
    for policy, line in lines.items():
        axis.plot([float(row["relative_memory_cost"]) for row in line], [float(row["slowdown"]) for row in line],
                  "o", markersize=4, label=policy)
    front = sorted((float(row["relative_memory_cost"]), float(row["slowdown"])) for row in rows if row["pareto"] == "1")
    if front:
        axis.step(*zip(*front), where="post", color="black", linewidth=1, label="Pareto front")
    axis.set_xlabel("cost of the memory, all-fast = 1")
    axis.set_ylabel("time, all-fast = 1")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: placement.py TABLE.csv FIGURE.png")
    rows, lines = read(sys.argv[1])
    figure, axes = plt.subplots(2, 2, figsize=(10, 7.5))
    draw_line_panel(axes[0][0], lines, lambda row: float(row["slowdown"]), "time, all-fast = 1")
    axes[0][0].legend(fontsize=8)
    share = lambda row: 100 * float(row["fast_access_share"]) if row["fast_access_share"] else None  # noqa: E731
    draw_line_panel(axes[0][1], lines, share, "bytes found in fast memory, %")
    draw_line_panel(axes[1][0], lines, gigabytes_copied, "copied per step, GB")
    draw_front(axes[1][1], rows, lines)
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=150)


if __name__ == "__main__":
    main()
