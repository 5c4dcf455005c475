"""Step time of each job of a sweep over models, machines and divisions: those that do not fit are hatched."""

import csv

import style

COLUMNS = ("model", "machine", "npus", "status", "step_time_s")
MOST = 60  # bars that can be read


def rows_of(file):
    """Rows of jobs on machines. Leaves where an experiment has none."""
    try:
        with open(file, newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            header = reader.fieldnames or []
            if "machine" not in header:
                style.does_not_apply(f"{file}: the figure is of models on machines, and this experiment has none")
            return header, [row for row in reader if row["machine"]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        style.refuse(f"{file}: {error}")


def varying(header, rows):
    """What tells the jobs apart, in the order of the file."""
    results = {"id", "status", "reason", "step_time_s", "compute_time_s", "exposed_communication_s", "exposed_tp_s", "mfu",
               "exposed_dp_s", "cost_usd", "utilization", "step_time_bound_s", "memory_bytes", "memory_capacity_bytes",
               "tokens_per_s", "bandwidth_gb_per_s", "network", "dimensions"}
    return [name for name in header if name not in results and len({row[name] for row in rows}) > 1]


def label(row, names):
    bare = ("model", "machine", "allocation", "view", "prices", "loop")
    return ", ".join(row[name] if name in bare else f"{name} {row[name]}" for name in names if row[name])


def draw(header, rows):
    timed = [row for row in rows if row["step_time_s"]]
    names = varying(header, rows)
    timed.sort(key=lambda row: (row["model"], float(row["step_time_s"])))
    shown = timed[:MOST]
    figure, panel = style.plt.subplots(figsize=(7.5, 1.2 + 0.24 * len(shown)))
    models = list(dict.fromkeys(row["model"] for row in shown))
    for place, row in enumerate(shown):
        fits = row["status"] == "ok"
        look = style.MODELS[models.index(row["model"]) % len(style.MODELS)]
        panel.barh(place, float(row["step_time_s"]), color=look["color"] if fits else "#FFFFFF",
                   edgecolor=look["color"], hatch=None if fits else "////", height=0.8)
    panel.set_yticks(range(len(shown)), [label(row, names) for row in shown], fontsize=8)
    panel.invert_yaxis()
    panel.grid(axis="y", visible=False)
    left_out = len(rows) - len(shown)
    panel.set_xlabel("training step, s (hatched: does not fit into memory)"
                     + (f"; {left_out} jobs are not shown" if left_out else ""))
    return figure


if __name__ == "__main__":
    options = style.arguments(__doc__)
    columns, found = rows_of(options.csv)
    if options.view:
        found = [row for row in found if row["view"] == options.view]
    if not any(row["step_time_s"] for row in found):
        style.does_not_apply(f"{options.csv}: no job of this view has a step time")
    style.save(draw(columns, found), options.target)
