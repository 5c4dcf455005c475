"""Figure 15: slowdown on networks that were optimised for another model, or for all models together."""

import sys

import fig12
import style

COLUMNS = fig12.COLUMNS


def slowdowns(data, network, model, rule, target, source):
    """Step time over that on the network made for the model itself, one per budget."""
    own = {row["budget_gb_per_s"]: row["step_time_s"] for row in data.select(
        network=network, model=model, allocation="PerfOptBW", target=model, source=source)}
    rows = data.select(network=network, model=model, allocation=rule, target=target, source=source)
    return [row["step_time_s"] / own[row["budget_gb_per_s"]] for row in rows if row["budget_gb_per_s"] in own]


def draw_panel(panel, data, network, source, targets):
    models = data.values("model")
    width = 0.8 / len(targets)
    for index, (label, rule, target, look) in enumerate(targets):
        for position, model in enumerate(models):
            values = slowdowns(data, network, model, rule, target, source)
            if not values:
                continue
            mean = sum(values) / len(values)
            x = position + (index - (len(targets) - 1) / 2) * width
            own = rule == "PerfOptBW" and target == model
            panel.bar(x, mean - 1, width * 0.92, bottom=1, color=look["color"], label=label if position == 0 else None,
                      yerr=None if own else [[mean - min(values)], [max(values) - mean]],
                      error_kw=dict(ecolor="#333333", elinewidth=1, capsize=2))
            upright = len(models) * len(targets) > 12  # labels side by side would run into each other
            panel.text(x, max(values) + 0.02, "own" if own else f"{mean:.2f}", ha="center", va="bottom",
                       fontsize=7 if upright else 7.5, rotation=90 if upright else 0)
    panel.axhline(1, color="#333333", linewidth=1)
    panel.set_xticks(range(len(models)), models)
    panel.margins(y=0.12)  # the labels stand above the bars
    panel.grid(axis="x", visible=False)
    style.name_panel(panel, data, f"{network}, {source} shares")


def draw(data):
    networks = data.networks()
    models = data.values("model")
    sources = [source for source in data.values("source") if data.select(source=source, allocation="PerfOptBW")]
    targets = [(f"network made for {model}", "PerfOptBW", model, look)
               for model, look in zip(models, style.MODELS)]
    group = data.select(allocation="GroupOptBW")
    if group:
        targets.append(("network made for all", "GroupOptBW", group[0]["target"], style.ALLOCATIONS["GroupOptBW"]))
    figure, axes = style.panels(len(sources), len(networks), sharey=True, width=4.2)
    for row, source in zip(axes, sources):
        for panel, network in zip(row, networks):
            draw_panel(panel, data, network, source, targets)
        row[0].set_ylabel("slowdown against own network\n(mean, smallest to largest)")
    for panel in axes[-1]:
        panel.set_xlabel("model that is trained")
    axes[0][0].set_ylim(bottom=0.97)
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view, options.loop)
    crossed = [row for row in results.rows if row["allocation"] == "PerfOptBW" and row["target"] != row["model"]]
    if not crossed:
        style.does_not_apply(f"{options.csv}: figure 15 trains models on networks made for others, and this experiment has no "
                 f"such points (its models: {', '.join(results.values('model'))})")
    style.save(draw(results), options.target)
