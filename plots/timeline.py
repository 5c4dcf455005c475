"""A training step as bars, from a trace that `bandwright simulate --timeline` wrote: pipeline stages under each other with
the path of one micro-batch, and a row per stream, group and dimension."""

import argparse
import gzip
import json
from pathlib import Path

import style
from matplotlib.colors import to_hex, to_rgba

# By category, then by what the name says: label, colour.
CATEGORIES = {
    "compute": ("compute", "#9A9A9A"),
    "bubble": ("pipeline bubble", "#DDD3E3"),
    "forward": ("forward", style.SKY),
    "backward": ("backward", style.ORANGE),
    "kernel": ("kernels", "#9A9A9A"),
    "write-back": ("to slow memory", style.VERMILION),
    "fetch": ("to fast memory", style.BLUE),
    "drop": ("dropped", style.BLACK),
}
KINDS = (("all-reduce", style.BLUE), ("reduce-scatter", style.SKY), ("all-gather", style.ORANGE),
         ("all-to-all", style.VERMILION), ("point-to-point", style.GREEN))
OTHER = ("other", style.PURPLE)
PIXELS = 1600  # of a row's picture: bars narrower than one are averaged


def read(file):
    """Rows, top first, as (name, [event]); an event is (start, duration, name, category, arguments), times in us."""
    try:
        packed = Path(file).read_bytes()
        text = gzip.decompress(packed) if packed.startswith(b"\x1f\x8b") else packed
        events = json.loads(text.decode("utf-8"))["traceEvents"]
        processes = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "process_name"}
        threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events
                   if e["ph"] == "M" and e["name"] == "thread_name"}
        rows = {}
        for event in events:
            if event["ph"] == "X":
                rows.setdefault((event["pid"], event["tid"]), []).append(
                    (float(event["ts"]), float(event["dur"]), event["name"], event.get("cat", ""),
                     event.get("args", {})))
    except OSError as error:
        style.refuse(f"{file}: {error.strerror or error}")
    except (EOFError, ValueError, KeyError, TypeError) as error:
        style.refuse(f"{file}: not a timeline of bandwright simulate --timeline ({type(error).__name__}: {error})")
    if not rows:
        style.refuse(f"{file}: a timeline without events")
    named = {}  # what has one name is one row, as slices of the bubble that lie over each other
    for pid, tid in sorted(rows):
        named.setdefault((pid, row_name(processes.get(pid, ""), threads.get((pid, tid), ""))), []).extend(rows[pid, tid])
    return [(name, sorted(events, key=lambda event: event[:2])) for (_, name), events in named.items()]


def row_name(process, thread):
    """What a row is called: its track, where that says it all, else its process, too."""
    alone = process.startswith("pipeline") or process in ("network", "compute")
    return style.text(process if process == "pipeline bubble" else thread if alone else f"{process} {thread}".strip())


def look(event):
    """The label and the colour of an event."""
    _, _, name, category, arguments = event
    if category in ("forward", "backward") and arguments.get("chunk", 0) > 0:
        # Stages with several chunks of the model: the further in it, the lighter.
        chunk = arguments["chunk"]
        label, shade = CATEGORIES[category]
        paper = 0.75 * chunk / (chunk + 1)
        return f"{label}, chunk {chunk + 1}", to_hex([(1 - paper) * part + paper for part in to_rgba(shade)[:3]])
    if category in CATEGORIES:
        return CATEGORIES[category]
    said = f"{name} {arguments.get('collective', '')}"
    return next(((kind, shade) for kind, shade in KINDS if kind in said), OTHER)


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


def within(rows, first, last):
    """What of the rows lies between two times, cut there; rows of which nothing does are left out."""
    kept = []
    for name, events in rows:
        cut = [(max(start, first), min(start + length, last) - max(start, first), *rest)
               for start, length, *rest in events if start < last and start + length > first]
        if cut:
            kept.append((name, cut))
    return kept


def draw_rows(panel, rows, first, last, seen):
    """Bars of each row; notes the labels that are seen."""
    for place, (_, events) in enumerate(rows):
        bars = []
        for event in events:
            label, shade = look(event)
            seen.setdefault(label, shade)
            bars.append(((event[0] - first) / 1e3, event[1] / 1e3, shade))
        # A thin white edge tells neighbours apart, unless there are so many that it would hide them.
        edge = 0.3 if len(bars) < 200 else 0
        bars = [(start + first / 1e3, *rest) for start, *rest in averaged(bars, (last - first) / 1e3 / PIXELS)]
        panel.broken_barh([bar[:2] for bar in bars], (place - 0.4, 0.8), facecolors=[bar[2] for bar in bars],
                          linewidth=edge, edgecolor="white", antialiased=edge > 0)
    panel.set_yticks(range(len(rows)), [name for name, _ in rows])
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.set_xlim(first / 1e3, last / 1e3)
    panel.grid(axis="y", visible=False)


def draw_path(panel, rows, first, last):
    """Numbers of micro-batches where they can be read, and the way of one of them through the stages."""
    readable = (last - first) / 90
    stops = {}
    for place, (_, events) in enumerate(rows):
        for start, length, _, category, arguments in events:
            if length > readable:
                panel.text((start + length / 2) / 1e3, place, str(arguments["micro_batch"]), ha="center", va="center",
                           fontsize=7)
            stops.setdefault(arguments["micro_batch"], []).append((start, length, place, category))
    # The first that is seen on every stage, both ways.
    whole = [micro for micro, way in sorted(stops.items())
             if all(len({place for _, _, place, c in way if c == side}) == len(rows) for side in ("forward", "backward"))]
    if not whole:
        return
    way = sorted(stops[whole[len(whole) // 2] if len(whole) > 2 else whole[0]])
    panel.plot([(start + length / 2) / 1e3 for start, length, _, _ in way], [place for _, _, place, _ in way],
               color=style.BLACK, linewidth=1.2, marker="o", markersize=3, label="one micro-batch", zorder=4)
    for start, length, place, _ in way:
        panel.broken_barh([(start / 1e3, length / 1e3)], (place - 0.4, 0.8), facecolors="none",
                          edgecolors=style.BLACK, linewidth=0.9, zorder=3.5)


def draw(rows, first=None, last=None):
    end = max(start + length for _, events in rows for start, length, *_ in events)
    first, last = first or 0.0, end if last is None else min(last, end)
    rows = within(rows, first, last)
    if not rows:
        style.refuse(f"nothing between {first / 1e6:g} s and {last / 1e6:g} s: the step ends at {end / 1e6:g} s")
    is_stage = [events[0][3] in ("forward", "backward") for _, events in rows]
    stages = [row for row, stage in zip(rows, is_stage) if stage]
    others = [row for row, stage in zip(rows, is_stage) if not stage]
    parts = [part for part in (stages, others) if part]
    figure, axes = style.plt.subplots(len(parts), 1, squeeze=False, sharex=True,
                                      gridspec_kw={"height_ratios": [len(part) for part in parts]})
    figure.set_size_inches(11, 1.6 + 0.4 * len(parts) + 0.42 * sum(map(len, parts)))
    seen = {}
    for panel, part in zip(axes[:, 0], parts):
        draw_rows(panel, part, first, last, seen)
        if part is stages:
            draw_path(panel, part, first, last)
            panel.set_title("pipeline stages, numbers are micro-batches", loc="left")
        elif stages:
            panel.set_title("the stage that was played", loc="left")
    for label, shade in seen.items():
        axes[-1][0].barh(0, 0, left=first / 1e3, color=shade, label=label)
    axes[-1][0].set_xlabel("time, ms")
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trace", help="what simulate --timeline wrote")
    parser.add_argument("target", help="the figure's path without its ending")
    parser.add_argument("--from", dest="first", type=float, help="us")
    parser.add_argument("--to", dest="last", type=float, help="us")
    options = parser.parse_args()
    style.save(draw(read(options.trace), options.first, options.last), options.target)
