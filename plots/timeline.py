"""A training step as bars: one row per stream and dimension, from a trace that `bandwright simulate --timeline` wrote."""

import json
import sys
from pathlib import Path

import style
from matplotlib.colors import to_rgba

KINDS = (("all-reduce", style.BLUE), ("reduce-scatter", style.SKY), ("all-gather", style.ORANGE),
         ("all-to-all", style.VERMILION), ("", style.GREEN))
COMPUTE = "#9A9A9A"
BUBBLE = "#DDD3E3"
PROCESSES = {"compute": COMPUTE, "pipeline bubble": BUBBLE}  # the others' bars have the colour of their collective
PIXELS = 1600  # of a row's picture: bars narrower than one are averaged


def read(file):
    """Rows, top first, as (name, [(start, duration, event name)]), all in us."""
    try:
        events = json.loads(Path(file).read_text(encoding="utf-8"))["traceEvents"]
        processes = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "process_name"}
        threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events
                   if e["ph"] == "M" and e["name"] == "thread_name"}
        rows = {}
        for event in events:
            if event["ph"] == "X":
                rows.setdefault((event["pid"], event["tid"]), []).append(
                    (float(event["ts"]), float(event["dur"]), event["name"]))
    except OSError as error:
        style.refuse(f"{file}: {error.strerror}")
    except (ValueError, KeyError, TypeError) as error:
        style.refuse(f"{file}: not a timeline of bandwright simulate --timeline ({type(error).__name__}: {error})")
    if not rows:
        style.refuse(f"{file}: a timeline without events")
    keys = sorted(rows)
    names = []
    for pid, tid in keys:
        process, thread = processes.get(pid, ""), threads.get((pid, tid), "")
        names.append(process if process in PROCESSES else style.text(f"{process} {thread}".strip()))
    return names, [rows[key] for key in keys]


def colour(row, name):
    return PROCESSES.get(row) or next(shade for kind, shade in KINDS if kind in name)


def averaged(bars, width):
    """Bars as (start, duration, RGBA). Those narrower than a column become columns, as opaque as they cover them, on
    top: what they lie in shows between them."""
    wide = [(start, length, to_rgba(shade)) for start, length, shade in bars if length >= width]
    covered = {}  # by column: the part of it that each colour has
    for start, length, shade in bars:
        if 0 < length < width:
            column = int(start / width)
            here = min(length, (column + 1) * width - start)
            for place, part in ((column, here), (column + 1, length - here)):
                if part > 0:
                    parts = covered.setdefault(place, {})
                    parts[shade] = parts.get(shade, 0.0) + part / width
    for column, parts in sorted(covered.items()):
        whole = sum(parts.values())
        tone = [sum(part / whole * to_rgba(shade)[i] for shade, part in parts.items()) for i in range(3)]
        wide.append((column * width, width, (*tone, min(1.0, whole))))
    return wide


def draw(names, rows):
    figure, axes = style.panels(1, 1)
    figure.set_size_inches(11, 1.4 + 0.45 * len(rows))
    panel = axes[0][0]
    end = max(start + length for events in rows for start, length, _ in events) / 1e3
    used = set()
    for place, (row, events) in enumerate(zip(names, rows)):
        bars = [(start / 1e3, length / 1e3, colour(row, name)) for start, length, name in events]
        used |= {shade for _, _, shade in bars}
        # A thin white edge tells neighbours apart, unless there are so many that it would hide them.
        edge = 0.3 if len(bars) < 200 else 0
        bars = averaged(bars, end / PIXELS)
        panel.broken_barh([bar[:2] for bar in bars], (place - 0.4, 0.8), facecolors=[bar[2] for bar in bars],
                          linewidth=edge, edgecolor="white", antialiased=edge > 0)
    legend = (("compute", COMPUTE), ("pipeline bubble", BUBBLE), *((kind or "other", shade) for kind, shade in KINDS))
    for label, shade in legend:
        if shade in used:
            panel.barh(0, 0, color=shade, label=label)
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    panel.set_xlim(0, end)
    panel.set_xlabel("time, ms")
    panel.grid(axis="y", visible=False)
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    if len(sys.argv) != 3:
        style.refuse("usage: timeline.py TRACE.json TARGET (without .png and .pdf)")
    style.save(draw(*read(sys.argv[1])), sys.argv[2])
