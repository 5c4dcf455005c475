"""Figure 12: speedup of training over EqualBW of the 2D network, by budget."""

import style

COLUMNS = ("view", "loop", "network", "dimensions", "model", "budget_gb_per_s", "allocation", "source", "target",
           "status", "bandwidth_gb_per_s", "step_time_s")
RULES = ("EqualBW", "PerfOptBW", "PerfPerCostOptBW")


def baseline(data, model):
    """Step time of EqualBW on the first network at each budget."""
    rows = data.select(network=data.networks()[0], model=model, allocation="EqualBW")
    return {row["budget_gb_per_s"]: row for row in rows}


def draw_panel(panel, data, network, model, measure):
    base = baseline(data, model)
    for rule in RULES:
        target = "" if rule == "EqualBW" else model
        for source in dict.fromkeys(row["source"] for row in data.select(allocation=rule)):
            rows = [row for row in data.select(network=network, model=model, allocation=rule, target=target,
                                               source=source) if row["budget_gb_per_s"] in base]
            published = source not in ("equal", "optimized")
            if rows:
                style.curve(panel, rows, lambda row: measure(row, base[row["budget_gb_per_s"]]),
                            label=None if published else rule, published=published, **style.ALLOCATIONS[rule])
    dgx = data.one(allocation="DGX-like", model=model)
    if dgx and dgx["budget_gb_per_s"] in base:
        panel.plot(dgx["budget_gb_per_s"], measure(dgx, base[dgx["budget_gb_per_s"]]), linestyle="none",
                   markersize=12, markeredgecolor="white", label="DGX-like", zorder=4, **style.ALLOCATIONS["DGX-like"])


def draw(data, measure, axis, rows_share=True):
    networks, models = data.networks(), data.values("model")
    figure, axes = style.panels(len(models), len(networks), sharex=True, sharey="row" if rows_share else False)
    for row, model in zip(axes, models):
        for panel, network in zip(row, networks):
            draw_panel(panel, data, network, model, measure)
            style.name_panel(panel, data, f"{model} on {network}")
        row[0].set_ylabel(axis)
    for panel in axes[-1]:
        style.budget_axis(panel)
    extra = [style.dashed_entry()]
    if any(row["source"] not in ("equal", "optimized") and row["allocation"] != "DGX-like" for row in data.rows):
        extra.append(style.hollow_entry())
    style.legend(figure, axes, extra=extra)
    return figure


if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view, options.loop)
    style.save(draw(results, lambda row, base: base["step_time_s"] / row["step_time_s"],
                    f"speedup over {results.networks()[0]} EqualBW"), options.target)
