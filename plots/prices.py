"""What optimising buys under each price list: performance per cost over EqualBW of the same network."""

import sys

import style

COLUMNS = ("view", "loop", "network", "dimensions", "model", "prices", "budget_gb_per_s", "allocation", "source",
           "target", "status", "step_time_s", "cost_usd")


def gains(rows):
    """Budgets, and perf per cost of PerfPerCostOptBW over that of EqualBW at each."""
    def products(allocation):
        return {row["budget_gb_per_s"]: row["step_time_s"] * row["cost_usd"] for row in rows
                if row["allocation"] == allocation and row["source"] in ("equal", "optimized") and row["cost_usd"]
                and row["target"] in ("", row["model"])}
    equal, best = products("EqualBW"), products("PerfPerCostOptBW")
    budgets = sorted(equal.keys() & best.keys())
    return budgets, [equal[budget] / best[budget] for budget in budgets]


def draw(data, lists):
    networks, models = data.networks(), data.values("model")
    figure, axes = style.panels(len(models), len(networks), sharex=True, sharey="row")
    for row, model in zip(axes, models):
        for panel, network in zip(row, networks):
            for prices, look in zip(lists, style.MODELS):
                rows = [found for found in data.every if found["network"] == network and found["model"] == model
                        and found["prices"] == prices]
                panel.plot(*gains(rows), label=f"{prices} prices", **look)
            panel.axhline(1, color="#333333", linewidth=1)
            style.name_panel(panel, data, f"{model} on {network}")
        row[0].set_ylabel("perf per cost of PerfPerCost-\nOptBW over EqualBW")
    for panel in axes[-1]:
        style.budget_axis(panel)
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view, options.loop)
    found = list(dict.fromkeys(row["prices"] for row in results.every))
    if len(found) < 2:
        style.does_not_apply(f"{options.csv}: the figure compares price lists, and this experiment has one ({found[0]})")
    style.save(draw(results, found), options.target)
