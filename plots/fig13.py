"""Figure 13: what the network costs, by budget."""

import fig12
import style

COLUMNS = fig12.COLUMNS + ("cost_usd",)

if __name__ == "__main__":
    options = style.arguments(__doc__)
    results = style.Data(options.csv, COLUMNS, options.view, options.loop)
    results.rows = [row for row in results.rows if row["cost_usd"] is not None]
    figure = fig12.draw(results, lambda row, base: row["cost_usd"] / 1e6, "network cost, million $")
    for panel in figure.axes:
        panel.set_yscale("log")
        style.plain_numbers(panel.yaxis)
    style.save(figure, options.target)
