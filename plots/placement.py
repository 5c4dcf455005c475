"""Where tensors live, from the CSV that bandwright place writes (--sweep --plot draws it).

Slowdown, bytes found in fast memory and bytes copied, each against the share of the peak that fits fast memory; and
slowdown against the cost of the memory, with what nothing else is both cheaper and faster than.
"""

import argparse
import csv
import sys
from collections import defaultdict

import style

COLUMNS = ("policy", "ratio", "slowdown", "to_slow_bytes", "to_fast_bytes", "relative_memory_cost", "pareto",
           "fast_access_share")
LOOKS = {
    "all-fast": dict(color=style.BLACK, marker="*"),
    "all-slow": dict(color="#6E6E6E", marker="X"),
    "first-touch": dict(color=style.ORANGE, marker="^"),
    "static": dict(color=style.SKY, marker="o"),
    "synchronous": dict(color=style.BLUE, marker="s"),
    "asynchronous": dict(color=style.GREEN, marker="D"),
    "cache": dict(color=style.PURPLE, marker="v"),
}
OTHER = dict(color=style.VERMILION, marker="P")


def read(file):
    """The rows that have a time, by policy, from the least fast memory to the most."""
    lines = defaultdict(list)
    try:
        with open(file, newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                style.refuse(f"{file}: the column '{missing[0]}' is missing; bandwright place writes it with --format csv")
            for row in reader:
                if None in row.values():
                    style.refuse(f"{file}:{reader.line_num}: the line is too short")
                if not row["slowdown"]:
                    continue
                slow, _, fast = row["ratio"].partition(":")
                slow, fast = (style.number(file, reader.line_num, "ratio", side) for side in (slow, fast))
                point = {name: style.number(file, reader.line_num, name, row[name]) if row[name] else None
                         for name in COLUMNS[2:] if name != "pareto"}
                point["pareto"] = row["pareto"] == "true"
                point["fast_share"] = 100 * fast / (slow + fast) if slow + fast > 0 else 0.0
                lines[row["policy"]].append(point)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        style.refuse(f"{file}: {error}")
    if not lines:
        style.refuse(f"{file}: no placement in it")
    for line in lines.values():
        line.sort(key=lambda point: point["fast_share"])
    return lines


def draw_shares(panel, lines, value, label):
    for policy, line in lines.items():
        points = [(point["fast_share"], value(point)) for point in line if value(point) is not None]
        if points:
            panel.plot(*zip(*points), label=style.text(policy), **LOOKS.get(policy, OTHER))
    panel.set_xlabel("share of the peak that fits, %")
    panel.set_ylabel(label)
    panel.set_ylim(bottom=0)


def draw_cost(panel, lines):
    offers = [point for line in lines.values() for point in line if point["relative_memory_cost"] is not None]
    front = sorted((point["relative_memory_cost"], point["slowdown"]) for point in offers if point["pareto"])
    if front:
        panel.step(*zip(*front), where="post", color="#8A8A8A", linewidth=1.3, label="nothing cheaper and faster")
    for policy, line in lines.items():
        points = [(p["relative_memory_cost"], p["slowdown"]) for p in line if p["relative_memory_cost"] is not None]
        if points:
            panel.plot(*zip(*points), linestyle="none", label=style.text(policy), **LOOKS.get(policy, OTHER))
    panel.set_xlabel("cost of the memory, all-fast = 1")
    panel.set_ylabel("time, all-fast = 1")
    panel.set_ylim(bottom=0)


def draw(lines):
    figure, axes = style.panels(2, 2, width=4.4, height=3.0)
    draw_shares(axes[0][0], lines, lambda point: point["slowdown"], "time, all-fast = 1")
    draw_shares(axes[0][1], lines, lambda point: None if point["fast_access_share"] is None else
                100 * point["fast_access_share"], "bytes found in fast memory, %")
    draw_shares(axes[1][0], lines, lambda point: ((point["to_slow_bytes"] or 0) + (point["to_fast_bytes"] or 0)) / 1e9,
                "copied per step, GB")
    draw_cost(axes[1][1], lines)
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", help="what bandwright place wrote with --format csv")
    parser.add_argument("target", help="the figure's path without its ending")
    options = parser.parse_args()
    style.save(draw(read(options.csv)), options.target)
