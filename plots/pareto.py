"""Step time against network cost: every allocation at every budget, above the certified lower bound."""

import fig12
import style

COLUMNS = fig12.COLUMNS + ("cost_usd", "budget_usd", "step_time_bound_s")


def fronts(data):
    """The points whose budget is money, with a proved bound."""
    return [row for row in data.every if row["budget_usd"] > 0 and row["step_time_bound_s"]]


def own(row):
    """Drawn here: computed allocations, made for the model itself or for none."""
    return (row["allocation"] in fig12.RULES and row["source"] in ("equal", "optimized")
            and row["target"] in ("", row["model"]))


def swept(data):
    """The kind of budget whose points are drawn as lines: GB/s, or money where that is all there is."""
    return "budget_gb_per_s" if any(row["budget_gb_per_s"] for row in data.rows) else "budget_usd"


def best_of(points):
    """Of (cost, time) those that no other is both cheaper and faster than, by cost."""
    front = []
    for cost, time in sorted(points):
        if not front or time < front[-1][1]:
            front.append((cost, time))
    return front


def draw_panel(panel, data, network, model):
    budget = swept(data)
    points = []
    for rule in fig12.RULES:
        source = "equal" if rule == "EqualBW" else "optimized"
        rows = sorted((row for row in data.select(network=network, model=model, allocation=rule, source=source,
                                                  target="" if rule == "EqualBW" else model) if row[budget]),
                      key=lambda row: row[budget])
        if not rows:
            continue
        drawn = [(row["cost_usd"] / 1e6, row["step_time_s"] * 1e3) for row in rows]
        points += drawn
        panel.plot(*zip(*drawn), label=f"{rule}, by budget", **style.ALLOCATIONS[rule])
    if points:
        panel.plot(*zip(*best_of(points)), linestyle="none", marker="o", markersize=8, markerfacecolor="none",
                   markeredgecolor="#000000", markeredgewidth=0.9, label="Pareto front", zorder=5)
    best = sorted((row["budget_usd"], row["step_time_bound_s"]) for row in fronts(data)
                  if row["network"] == network and row["model"] == model)
    if best:
        panel.plot([dollars / 1e6 for dollars, _ in best], [bound * 1e3 for _, bound in best], color="#000000",
                   linewidth=1.2, linestyle=(0, (1, 1)), label="proved: nothing is faster at this cost", zorder=4)
        panel.fill_between([dollars / 1e6 for dollars, _ in best], [bound * 1e3 for _, bound in best],
                           color="#EFEFEF", zorder=0)
    panel.set_xscale("log")
    style.plain_numbers(panel.xaxis)


def draw(data):
    networks, models = data.networks(swept(data)), data.values("model")
    figure, axes = style.panels(len(models), len(networks), sharex=True, sharey="row")
    for row, model in zip(axes, models):
        for panel, network in zip(row, networks):
            draw_panel(panel, data, network, model)
            style.name_panel(panel, data, f"{model} on {network}")
        row[0].set_ylabel("training step, ms")
        rows = [found for found in data.rows if found["model"] == model and found["network"] in networks]
        times = [found["step_time_s"] * 1e3 for found in rows if own(found)] or [
            found["step_time_s"] * 1e3 for found in rows]
        bounds = [found["step_time_bound_s"] * 1e3 for found in fronts(data) if found["model"] == model] or times
        row[0].set_ylim(0.8 * min(bounds), max(times) + 0.05 * (max(times) - min(times)))
        row[0].set_xlim(0.8 * min(found["cost_usd"] for found in data.rows) / 1e6, 40)
    for panel in axes[-1]:
        panel.set_xlabel("network cost, million $")
    style.legend(figure, axes)
    return figure


if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view, options.loop)
    if not fronts(results):
        style.does_not_apply(
            f"{options.csv}: the Pareto front needs points whose budget is money, and this experiment has none")
    results.rows = [row for row in results.rows if row["cost_usd"]]
    style.save(draw(results), options.target)
