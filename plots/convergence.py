"""How the optimizer closes the gap between the best allocation found and the proved lower bound."""

import style

COLUMNS = ("view", "loop", "network", "model", "budget_gb_per_s", "allocation", "target", "iteration", "objective",
           "lower_bound", "evaluations")
DASHES = ("-", (0, (4, 1.5)), (0, (1.5, 1.5)), "-.")  # one per model
PROVED = 1e-16  # a gap of nothing still shows on a logarithmic axis


def gaps(rows):
    """Evaluations so far and the relative gap, from the first bound on."""
    bounded = [row for row in sorted(rows, key=lambda row: row["iteration"]) if row["lower_bound"] is not None]
    return ([row["evaluations"] for row in bounded],
            [max(1 - row["lower_bound"] / row["objective"], PROVED) for row in bounded])


def draw_panel(panel, data, network, budget):
    for rule, look in style.ALLOCATIONS.items():
        for model, dashes in zip(data.values("model"), DASHES):
            rows = data.select(network=network, model=model, allocation=rule, budget_gb_per_s=budget)
            x, y = gaps(rows)
            if not x:  # this allocation has no trace for this model
                continue
            if len(x) == 1:  # one dot each, mostly on the same spot: the larger shows behind the smaller
                panel.plot(x, y, label=f"{rule}, at once", linestyle="none",
                           markersize=11 if rule == "PerfOptBW" else 5, **look)
            else:
                panel.plot(x, y, label=rule if "+" in rows[0]["target"] else f"{rule}, {model}", linestyle=dashes,
                           markersize=4, **look)
    panel.set_yscale("log")
    style.name_panel(panel, data, f"{network}, {budget:g} GB/s per NPU")
    panel.set_xlim(left=0)
    panel.set_xlabel("step times evaluated")


def draw(data, budget):
    networks = data.values("network")
    figure, axes = style.panels(1, len(networks), sharey=True, width=4.2, height=3.6)
    for panel, network in zip(axes[0], networks):
        draw_panel(panel, data, network, budget)
    axes[0][0].set_ylabel("proved gap: 1 - lower bound / best found")
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view, options.loop)
    results.rows = [row for row in results.rows if row["budget_gb_per_s"] > 0]
    budgets = sorted(set(row["budget_gb_per_s"] for row in results.rows))
    if not budgets:
        style.does_not_apply(f"{options.csv}: the figure needs budgets in GB/s, and this experiment has none")
    style.save(draw(results, budgets[len(budgets) // 2]), options.target)
