"""A training step as bars: one row per stream and dimension, from a trace that `bandwright simulate --timeline` wrote."""

import json
import sys
from pathlib import Path

import style

KINDS = (("all-reduce", style.BLUE), ("reduce-scatter", style.SKY), ("all-gather", style.ORANGE),
         ("all-to-all", style.VERMILION), ("", style.GREEN))
COMPUTE = "#9A9A9A"


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
    return [(threads.get(key) or processes.get(key[0], "")) if key[0] == 0 or key not in threads
            else f"{processes.get(key[0], '')} {threads[key]}" for key in sorted(rows)], [rows[k] for k in sorted(rows)]


def colour(name, compute):
    if compute:
        return COMPUTE
    return next(shade for kind, shade in KINDS if kind in name)


def draw(names, rows):
    figure, axes = style.panels(1, 1)
    figure.set_size_inches(11, 1.4 + 0.45 * len(rows))
    panel = axes[0][0]
    for place, events in enumerate(rows):
        bars = [(start / 1e3, length / 1e3) for start, length, _ in events]
        colours = [colour(name, place == 0) for _, _, name in events]
        # A thin white edge tells neighbours apart, unless there are so many that it would hide them.
        panel.broken_barh(bars, (place - 0.4, 0.8), facecolors=colours, linewidth=0.3 if len(bars) < 200 else 0,
                          edgecolor="white")
    used = {colour(name, place == 0) for place, events in enumerate(rows) for _, _, name in events}
    for label, shade in (("compute", COMPUTE), *((kind or "other", shade) for kind, shade in KINDS)):
        if shade in used:
            panel.barh(0, 0, color=shade, label=label)
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    panel.set_xlim(left=0)
    panel.set_xlabel("time, ms")
    panel.grid(axis="y", visible=False)
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    if len(sys.argv) != 3:
        style.refuse("usage: timeline.py TRACE.json TARGET (without .png and .pdf)")
    style.save(draw(*read(sys.argv[1])), sys.argv[2])
