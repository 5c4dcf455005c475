"""How busy each dimension's links are during a step, by allocation, at one budget."""

import fig12
import style

COLUMNS = fig12.COLUMNS + ("utilization",)
RULES = ("EqualBW", "PerfOptBW", "PerfPerCostOptBW", "GroupOptBW")


def own(rows, model):
    """The row made for the model itself, for all models, or for none; computed rather than published."""
    mine = [row for row in rows if row["source"] in ("equal", "optimized") and
            (row["target"] in ("", model) or row["allocation"] == "GroupOptBW")]
    return mine[0] if mine else None


def draw(data, budget):
    networks, models = data.networks(), data.values("model")
    rules = [rule for rule in RULES if rule in data.values("allocation")]
    figure, axes = style.panels(len(models), len(networks), sharey=True)
    width = 0.8 / len(rules)
    for row, model in zip(axes, models):
        for panel, network in zip(row, networks):
            for index, rule in enumerate(rules):
                found = own(data.select(network=network, model=model, allocation=rule, budget_gb_per_s=budget), model)
                if not found:
                    continue
                used = found["utilization"]
                x = [d + (index - (len(rules) - 1) / 2) * width for d in range(len(used))]
                panel.bar(x, [100 * u for u in used], width * 0.92, color=style.ALLOCATIONS[rule]["color"], label=rule)
                names = [name for name, _ in style.dimensions_of(network, len(used))]
                panel.set_xticks(range(len(used)), names, fontsize=8 if len(names) > 3 else 9,
                                 rotation=20 if len(names) > 3 else 0, ha="right" if len(names) > 3 else "center")
            panel.grid(axis="x", visible=False)
            style.name_panel(panel, data, f"{model} on {network}")
        row[0].set_ylabel("busy, % of the step")
    for panel in axes[-1]:
        panel.set_xlabel(f"dimension, innermost first ({budget:g} GB/s per NPU)")
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view, options.loop)
    budgets = sorted({row["budget_gb_per_s"] for row in results.rows if row["network"] == results.networks()[0]})
    style.save(draw(results, budgets[len(budgets) // 2]), options.target)
