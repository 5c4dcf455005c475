"""How the optimizer closes the gap between the best allocation found and the proved lower bound."""

import style

COLUMNS = ("view", "network", "model", "budget_gb_per_s", "allocation", "target", "iteration", "objective",
           "lower_bound", "evaluations")
PROVED = 1e-16  # a gap of nothing still shows on a logarithmic axis


def gaps(rows):
    """Evaluations so far and the relative gap, from the first bound on."""
    bounded = [row for row in sorted(rows, key=lambda row: row["iteration"]) if row["lower_bound"] is not None]
    return ([row["evaluations"] for row in bounded],
            [max(1 - row["lower_bound"] / row["objective"], PROVED) for row in bounded])


def draw(data, budget):
    rules = [rule for rule in style.ALLOCATIONS if rule in data.values("allocation")]
    networks = data.values("network")
    models = data.values("model")
    figure, axes = style.panels(len(rules), len(networks), sharey=True)
    for row, rule in zip(axes, rules):
        for panel, network in zip(row, networks):
            for model, look in zip(models, style.MODELS):
                x, y = gaps(data.select(network=network, model=model, allocation=rule, budget_gb_per_s=budget))
                label = "all models" if rule == "GroupOptBW" else model
                if x:
                    panel.plot(x, y, label=label, **(style.ALLOCATIONS[rule] if rule == "GroupOptBW" else look))
            panel.set_yscale("log")
            panel.set_title(f"{rule} on {network}")
            panel.set_xlim(left=0)
        row[0].set_ylabel("gap to the lower bound")
    for panel in axes[-1]:
        panel.set_xlabel(f"evaluations ({budget:g} GB/s per NPU)")
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view)
    budgets = sorted(set(row["budget_gb_per_s"] for row in results.rows))
    style.save(draw(results, budgets[len(budgets) // 2]), options.target)
