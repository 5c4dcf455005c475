#!/usr/bin/env python3
"""Predicted against measured, one panel per data set: validation.py rows.csv TARGET

rows.csv is what `bandwright validate --rows` writes. The line is a perfect prediction, the band 10 % to either side.
Rows that are off by more than 25 % stand out.
"""
import csv
import math
import sys

import matplotlib.lines
import matplotlib.patches
import matplotlib.ticker

import style

NAMES = {
    "gemm_bf16_sample": "matrix multiplications",
    "nccl_collectives_sample": "collectives, nine machines",
    "nccl_allreduce_a100_v100": "all-reduce, A100 and V100",
    "nccl_busbw_ml_engineering": "all-reduce, bus bandwidth",
    "vtrain_ground_truth_single": "vTrain, one machine",
    "vtrain_ground_truth_multi": "vTrain, 64 to 512 A100",
    "megatron_sc21_table1_a100": "SC21 table 1",
    "megatron_sc21_table2_ptd_vs_zero3": "SC21 table 2, ZeRO 3",
    "korthikanti_table5_iteration_time": "Korthikanti table 5",
    "megatron_core_h100_weak_scaling": "Megatron-Core, H100",
    "mlperf_llm_step_times": "MLPerf, H100 to GB200",
    "mpt_fsdp_a100_h100": "FSDP, A100 and H100",
    "training_steps": "published steps",
    "published_runs": "published runs",
    "automodel": "NeMo AutoModel, H100",
    "fms_fsdp": "IBM FSDP, A100 and H100",
    "internevo": "InternEvo, A100",
    "megatron_bridge": "Megatron-Bridge, H100 to GB300",
    "megatron_lm_golden": "Megatron-LM's own tests",
    "mlperf_v51": "MLPerf 5.1",
    "mlperf_v60": "MLPerf 6.0",
    "moe_modelzoo": "models with experts",
    "nemo_long_context": "NeMo, long sequences",
    "nemo_pages": "NeMo's tables",
    "papers": "papers",
    "torchtitan": "TorchTitan",
    "tpu": "TPU v5e to v7",
    "korthikanti_fig1_memory_gib": "Korthikanti figure 1",
}
COLUMNS = ("set", "row", "metric", "measured", "predicted", "target_error")
FAR = 0.25


def read_sets(file):
    """The sets in the file's order: name, metric, target, [(measured, predicted)]."""
    sets = {}
    try:
        with open(file, newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                style.refuse(f"{file}: the column '{missing[0]}' is missing; bandwright validate --rows writes it")
            for row in reader:
                each = sets.setdefault((style.text(row["set"]), style.text(row["metric"])), dict(
                    metric=style.text(row["metric"]), points=[],
                    target=f"{100 * positive(file, reader.line_num, 'target_error', row['target_error']):g}"))
                each["points"].append(tuple(positive(file, reader.line_num, name, row[name])
                                            for name in ("measured", "predicted")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        style.refuse(f"{file}: {error}")
    if not sets:
        style.refuse(f"{file}: no rows in it")
    return sets


def positive(file, line, name, text):
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        style.refuse(f"{file}:{line}: {name}: '{text}' is not a number above 0")
    return value


def draw(panel, name, data):
    points = data["points"]
    low = min(map(min, points)) / 1.3
    high = max(map(max, points)) * 1.3
    panel.fill_between([low, high], [0.9 * low, 0.9 * high], [1.1 * low, 1.1 * high], color="#D9E8F2", linewidth=0)
    panel.plot([low, high], [low, high], color="#555555", linewidth=0.9)
    size, alpha = (7, 0.4) if len(points) > 200 else (12, 0.65) if len(points) > 40 else (26, 0.85)
    for far, colour in ((False, style.BLUE), (True, style.VERMILION)):
        chosen = [p for p in points if (abs(p[1] / p[0] - 1) > FAR) == far]
        panel.scatter([p[0] for p in chosen], [p[1] for p in chosen], s=size, alpha=alpha, color=colour, linewidths=0,
                      zorder=3)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(low, high)
    panel.set_ylim(low, high)
    panel.set_aspect("equal")
    mean = 100 * sum(abs(p[1] / p[0] - 1) for p in points) / len(points)
    panel.set_title(NAMES.get(name, name), fontsize=10, fontweight="bold", loc="left")
    panel.text(0.04, 0.96, f"{mean:.1f} % off on average\n{len(points)} rows, aim {data['target']} %",
               transform=panel.transAxes, va="top", fontsize=9)
    panel.set_xlabel(f"measured, {data['metric']}", fontsize=8.5)
    panel.tick_params(labelsize=8, which="both")
    for axis in (panel.xaxis, panel.yaxis):
        if high / low < 12:
            ticks = nice_ticks(low, high)
            axis.set_major_locator(matplotlib.ticker.FixedLocator(ticks))
            axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def nice_ticks(low, high):
    """Two to five round numbers between the ends of a short logarithmic axis."""
    for step in ((1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3)):
        ticks = [base * 10**power for power in range(-9, 16) for base in step]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) <= 5:
            return inside
    return inside


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sets = read_sets(sys.argv[1])
    columns = min(5 if len(sets) > 20 else 4, len(sets))
    lines = -(-len(sets) // columns)
    figure, axes = style.panels(lines, columns, 3.1, 3.25)
    for panel in list(axes.flat)[len(sets):]:
        panel.set_visible(False)
    for panel, ((name, _), data) in zip(axes.flat, sets.items()):
        draw(panel, name, data)
    for panel in axes[:, 0]:
        panel.set_ylabel("predicted", fontsize=9)
    style.legend(figure, axes, [
        matplotlib.lines.Line2D([], [], color="#555555", linewidth=0.9, label="perfect prediction"),
        matplotlib.patches.Patch(color="#D9E8F2", label="within 10 %"),
        matplotlib.lines.Line2D([], [], color=style.VERMILION, linestyle="none", marker="o", markersize=5,
                                label=f"more than {100 * FAR:.0f} % off")])
    style.save(figure, sys.argv[2])


if __name__ == "__main__":
    main()
