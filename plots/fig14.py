"""Figure 14: performance per cost over EqualBW of the 2D network, by budget."""

import fig12
import style

COLUMNS = fig12.COLUMNS + ("cost_usd",)


def perf_per_cost(row, base):
    return base["step_time_s"] * base["cost_usd"] / (row["step_time_s"] * row["cost_usd"])


if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view, options.loop)
    results.rows = [row for row in results.rows if row["cost_usd"]]
    style.save(fig12.draw(results, perf_per_cost, f"perf per cost over {results.networks()[0]} EqualBW",
                          rows_share=False), options.target)
