"""Every figure script on a tiny CSV: a PNG and a PDF, the right panels and series, and clear refusals.

Run from anywhere: python3 tests/plots/figures_test.py
"""

import csv
import importlib
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stderr
from pathlib import Path

PLOTS = Path(__file__).resolve().parents[2] / "plots"
sys.dont_write_bytecode = True
sys.path.insert(0, str(PLOTS))
import style  # noqa: E402

NETWORKS = {"2D": 2, "4D": 4}
MODELS = ("17B", "1T")
BUDGETS = (100, 200, 900)
FIGURES = ("fig12", "fig13", "fig14", "fig15", "prices", "pareto", "utilization", "convergence")


def row(network, model, budget, allocation, source="optimized", target="", view="simulated", dollars=0,
        loop="NoOverlap", prices="artifact"):
    dimensions = NETWORKS.get(network, 2)
    each = (budget or 50) / dimensions
    return dict(view=view, loop=loop, prices=prices, network=network, dimensions=dimensions, model=model, budget_gb_per_s=budget,
                budget_usd=dollars, allocation=allocation, source=source, target=target, status="ok",
                bandwidth_gb_per_s=" ".join([str(each)] * dimensions), step_time_s=1e5 + 1e7 / each,
                cost_usd=dollars or 1e4 * each, utilization=" ".join(["0.5"] * dimensions),
                step_time_bound_s=9e4 if dollars else "")


def results():
    rows = []
    for network, model, budget in itertools.product(NETWORKS, MODELS, BUDGETS):
        rows.append(row(network, model, budget, "EqualBW", "equal"))
        for source, rule, target in itertools.product(("optimized", "published"), ("PerfOptBW", "PerfPerCostOptBW"),
                                                      MODELS):
            rows.append(row(network, model, budget, rule, source, target))
        rows.append(row(network, model, budget, "GroupOptBW", "optimized", "+".join(MODELS)))
    for model in MODELS:
        rows.append(row("DGX", model, 200, "DGX-like", "published"))
        for network, dollars in itertools.product(NETWORKS, (1e5, 1e6, 1e7)):
            rows.append(row(network, model, 0, "PerfOptBW", "optimized", model, "pareto", dollars))
    for network, model, budget in itertools.product(NETWORKS, MODELS, BUDGETS):
        for rule, target in (("EqualBW", ""), ("PerfPerCostOptBW", model)):
            rows.append(row(network, model, budget, rule, target=target, view="dear", prices="dear"))
            rows.append(row(network, model, budget, rule, target=target, view="dear", loop="Overlap"))
    return rows


def trace():
    rows = []
    for network, model, (rule, target), step in itertools.product(
            NETWORKS, MODELS, (("PerfOptBW", None), ("PerfPerCostOptBW", None)), (1, 2, 3)):
        rows.append(dict(view="simulated", loop="NoOverlap", network=network, model=model, budget_gb_per_s=100, allocation=rule,
                         target=target or model, iteration=step, objective=2, lower_bound="" if step == 1 else 2 - 0.1**step,
                         evaluations=step))
    return rows


class Figures(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.results = self.write("results.csv", results())
        self.trace = self.write("convergence.csv", trace())

    def write(self, name, rows):
        with open(self.folder / name, "w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        return self.folder / name

    def input_of(self, figure):
        return self.trace if figure == "convergence" else self.results

    def run_script(self, figure, file, target="figure"):
        return subprocess.run([sys.executable, "-B", PLOTS / f"{figure}.py", file, self.folder / target],
                              capture_output=True, text=True)

    def test_every_script_writes_a_png_and_a_pdf(self):
        for figure in FIGURES:
            with self.subTest(figure):
                run = self.run_script(figure, self.input_of(figure), figure)
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertEqual((self.folder / f"{figure}.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
                self.assertEqual((self.folder / f"{figure}.pdf").read_bytes()[:5], b"%PDF-")

    def test_every_column_a_script_needs_is_missed_by_name(self):
        for figure in FIGURES:
            columns = importlib.import_module(figure).COLUMNS
            rows = trace() if figure == "convergence" else results()
            for column in columns:
                with self.subTest(figure, column=column), redirect_stderr(io.StringIO()) as said:
                    file = self.write("cut.csv", [{k: v for k, v in r.items() if k != column} for r in rows])
                    with self.assertRaises(SystemExit) as left:
                        style.Data(file, columns)
                    self.assertEqual(left.exception.code, 2)
                    self.assertIn(f"the column '{column}' is missing", said.getvalue())

    def test_a_cell_that_is_no_number_is_named_by_line_and_column(self):
        rows = results()
        rows[1]["step_time_s"] = "fast"
        run = self.run_script("fig12", self.write("edited.csv", rows))
        self.assertEqual(run.returncode, 2)
        self.assertIn("edited.csv:3: step_time_s: 'fast' is not a number", run.stderr)

    def test_names_are_text_never_mathematics(self):
        odd = {"network": {"2D": "$a_$", "3D": "b$^$"}, "model": {"17B": "m$_$"}}
        def renamed(rows):
            return [{key: odd.get(key, {}).get(value, value) if key != "target" else odd["model"].get(value, value)
                     for key, value in r.items()} for r in rows]
        self.results = self.write("odd.csv", renamed(results()))
        self.trace = self.write("odd_trace.csv", renamed(trace()))
        for figure in FIGURES:
            with self.subTest(figure):
                run = self.run_script(figure, self.input_of(figure))
                self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_an_experiment_of_dollars_alone_has_a_front_and_no_curves_over_bandwidth(self):
        rows = [r | dict(budget_gb_per_s=0) for r in results() if float(r["budget_usd"] or 0) > 0]
        rows += [r | dict(budget_usd=2 * float(r["budget_usd"])) for r in rows]
        file = self.write("dollars.csv", rows)
        run = self.run_script("pareto", file)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        for figure in ("fig12", "fig13", "fig14", "utilization"):
            with self.subTest(figure):
                run = self.run_script(figure, file)
                self.assertEqual(run.returncode, 3)
                self.assertIn("the figure needs a network at several budgets", run.stderr)

    def test_whatever_an_experiment_lacks_a_figure_is_drawn_or_does_not_apply(self):
        kinds = {"one row": lambda r, i: i == 0, "one network": lambda r, i: r["network"] == "2D",
                 "one budget": lambda r, i: r["budget_gb_per_s"] == 100, "equal": lambda r, i: r["allocation"] == "EqualBW",
                 "no equal": lambda r, i: r["allocation"] != "EqualBW", "dollars": lambda r, i: not r["budget_gb_per_s"]}
        traces = [r | dict(budget_gb_per_s=g) for r in trace() for g in (0, 100)]
        for kind, kept in kinds.items():
            for figure in FIGURES:
                rows = traces if figure == "convergence" else results()
                file = self.write("part.csv", [r for i, r in enumerate(rows) if kept(r, i)] or rows[:1])
                with self.subTest(kind=kind, figure=figure):
                    run = self.run_script(figure, file)
                    self.assertIn(run.returncode, (0, 3), run.stderr)
                    self.assertLessEqual(run.stderr.count("\n"), 1)

    def test_a_script_that_fails_says_so_in_one_line_and_with_a_status_of_its_own(self):
        script = "import style; style.legend(None, None)"
        run = subprocess.run([sys.executable, "-B", "-c", script], cwd=PLOTS, capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr.count("\n"), 1)
        self.assertIn("failed: AttributeError", run.stderr)

    def test_fig15_says_why_an_experiment_has_none(self):
        own = [r for r in results() if r["target"] in ("", r["model"])]
        run = self.run_script("fig15", self.write("own.csv", own))
        self.assertEqual(run.returncode, 3)
        self.assertIn("figure 15 trains models on networks made for others", run.stderr)

    def draw_panels(self):
        import fig12
        data = style.Data(self.results, fig12.COLUMNS)
        return fig12.draw(data, lambda r, base: base["step_time_s"] / r["step_time_s"], "speedup")

    def test_fig12_has_a_panel_per_model_and_network_with_all_series(self):
        figure = self.draw_panels()
        self.assertEqual(len(figure.axes), len(MODELS) * len(NETWORKS))
        labels = {text.get_text() for text in figure.legends[0].get_texts()}
        self.assertEqual(labels, {"EqualBW", "PerfOptBW", "PerfPerCostOptBW", "DGX-like",
                                  "dashed: beyond today's links", "hollow: published shares"})
        for panel in figure.axes:
            colors = {line.get_color() for line in panel.lines}
            self.assertEqual(colors, {style.ALLOCATIONS[name]["color"] for name in
                                      ("EqualBW", "PerfOptBW", "PerfPerCostOptBW", "DGX-like")})

    def test_stretches_beyond_the_caps_are_dashed(self):
        # Two dimensions: 400 and 100 GB/s. 900 / 2 is beyond both, 200 / 2 is just within.
        panel = self.draw_panels().axes[0]
        dashed = [line for line in panel.lines if line.is_dashed()]
        self.assertEqual(len(dashed), 3)
        for line in dashed:
            self.assertEqual(list(line.get_xdata()), [200, 900])

    def test_other_figures_have_their_panels(self):
        import convergence
        import fig15
        import pareto
        import utilization
        data = style.Data(self.results, utilization.COLUMNS)
        self.assertEqual(len(utilization.draw(data, 200).axes), 4)
        bars = fig15.draw(data).axes
        self.assertEqual(len(bars), 2 * len(NETWORKS))  # optimized and published shares
        self.assertEqual(len(bars[0].patches), len(MODELS) * 3)  # two targets and the group
        traces = convergence.draw(style.Data(self.trace, convergence.COLUMNS), 100).axes
        self.assertEqual([len(panel.lines) for panel in traces], [len(MODELS) * 2] * len(NETWORKS))
        fronts = style.Data(self.results, pareto.COLUMNS)
        self.assertEqual([len(panel.lines) for panel in pareto.draw(fronts).axes], [5] * 4)  # 3 curves, front, bound

    def test_the_pareto_front_is_what_nothing_is_both_cheaper_and_faster_than(self):
        import pareto
        self.assertEqual(pareto.best_of([(3, 3), (1, 9), (2, 4), (2.5, 4), (4, 5), (1, 8)]), [(1, 8), (2, 4), (3, 3)])

    def test_dimensions_have_their_names_and_limits(self):
        import utilization
        panels = utilization.draw(style.Data(self.results, utilization.COLUMNS), 200).axes
        self.assertEqual([label.get_text() for label in panels[0].get_xticklabels()], ["Ring(8)", "Switch(128)"])
        self.assertEqual(style.dimensions_of("2D, dear", 2), [("Ring(8)", "Package"), ("Switch(128)", "Pod")])
        self.assertEqual(style.dimensions_of("mine", 2), [("dimension 1", "Package"), ("dimension 2", "Pod")])
        self.assertEqual(style.link_limits(), {"Tile": 700, "Package": 400, "Node": 160, "Pod": 100})

    def test_svg_is_written_where_it_is_asked_for(self):
        for wanted in (False, True):
            subprocess.run([sys.executable, "-B", PLOTS / "fig13.py", self.results, self.folder / f"svg{wanted}"], check=True,
                           env=os.environ | {"BANDWRIGHT_SVG": "1" if wanted else ""})
            self.assertEqual((self.folder / f"svg{wanted}.svg").exists(), wanted)

    def test_a_target_with_a_dot_keeps_its_name(self):
        self.assertEqual(self.run_script("fig12", self.results, "step.v1").returncode, 0)
        self.assertTrue((self.folder / "step.v1.png").exists())

    def test_labels_of_four_models_do_not_collide(self):
        import fig15
        models = ("A", "B", "C", "D")
        rows = [row("4D", model, budget, "PerfOptBW", "optimized", target) | dict(step_time_s=1 + 0.3 * (model != target))
                for model in models for target in models for budget in BUDGETS]
        rows += [row("4D", model, budget, "GroupOptBW", "optimized", "+".join(models)) for model in models for budget in BUDGETS]
        figure = fig15.draw(style.Data(self.write("four.csv", rows), fig15.COLUMNS))
        renderer = figure.canvas.get_renderer()
        figure.draw(renderer)
        boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
        self.assertEqual(len(boxes), 4 * 5)
        for a, b in itertools.combinations(boxes, 2):
            self.assertFalse(a.overlaps(b))

    def test_prices_has_a_line_per_list_and_the_line_of_no_gain(self):
        import prices
        data = style.Data(self.results, prices.COLUMNS)
        panels = prices.draw(data, ["artifact", "dear"]).axes
        self.assertEqual([len(panel.lines) for panel in panels], [3] * (len(MODELS) * len(NETWORKS)))

    def test_loops_and_views_are_told_apart(self):
        import fig12
        data = style.Data(self.results, fig12.COLUMNS)
        self.assertEqual({r["loop"] for r in data.every}, {"NoOverlap"})
        self.assertEqual({r["view"] for r in data.rows}, {"simulated"})
        self.assertEqual(data.shown, "NoOverlap")
        other = style.Data(self.results, fig12.COLUMNS, "dear", "Overlap")
        self.assertEqual((len(other.rows), other.shown), (24, "dear, Overlap"))
        with self.assertRaises(SystemExit), redirect_stderr(io.StringIO()) as said:
            style.Data(self.results, fig12.COLUMNS, loop="Half")
        self.assertIn("no loop 'Half' (choices: NoOverlap, Overlap)", said.getvalue())

    def test_a_line_of_many_points_has_no_markers(self):
        import matplotlib.pyplot as plt
        panel = plt.subplots()[1]
        many = [row("2D", "17B", budget, "EqualBW") for budget in range(10, 100)]
        for few in (many[:40], many):
            style.curve(panel, [r | dict(bandwidth_gb_per_s=(1, 1)) for r in few], lambda r: r["step_time_s"],
                        **style.ALLOCATIONS["EqualBW"])
        self.assertEqual([line.get_marker() for line in panel.lines], ["o", "None"])

    def test_figures_an_experiment_has_no_points_for_say_so(self):
        plain = [r for r in results() if r["view"] == "simulated"]
        for figure, why in (("pareto", "points whose budget is money"), ("prices", "compares price lists")):
            run = self.run_script(figure, self.write("plain.csv", plain))
            self.assertEqual(run.returncode, 3)
            self.assertIn(why, run.stderr)

    def test_bars_narrower_than_a_column_are_averaged(self):
        from timeline import averaged
        narrow = [(start / 10, 0.05, "#FF0000") for start in range(20)]  # half of two columns
        narrow += [(start / 10 + 0.05, 0.025, "#0000FF") for start in range(10)]  # and a quarter of the first
        bars = averaged([(2.0, 3.0, "#00FF00")] + narrow, 1.0)
        self.assertEqual(bars[0], (2.0, 3.0, (0.0, 1.0, 0.0, 1.0)))
        for bar, place, tone in zip(bars[1:], (0.0, 1.0), ((2 / 3, 0, 1 / 3, 0.75), (1, 0, 0, 0.5)), strict=True):
            self.assertEqual(bar[:2], (place, 1.0))
            for part, wanted in zip(bar[2], tone, strict=True):
                self.assertAlmostEqual(part, wanted)

    def test_slices_of_the_bubble_that_lie_over_each_other_are_one_row(self):
        from timeline import read
        told = [{"ph": "M", "name": "process_name", "pid": 1, "tid": 0, "args": {"name": "pipeline bubble"}}]
        told += [{"ph": "M", "name": "thread_name", "pid": 1, "tid": t, "args": {"name": "other stages"}} for t in (0, 1)]
        slices = [{"ph": "X", "name": name, "pid": 1, "tid": t, "ts": ts, "dur": 2} for name, t, ts in
                  (("a", 0, 0), ("c", 0, 3), ("b", 1, 1))]
        (self.folder / "step.json").write_text(json.dumps({"traceEvents": told + slices}))
        rows = read(self.folder / "step.json")
        self.assertEqual([(name, [event[2] for event in events]) for name, events in rows],
                         [("pipeline bubble", ["a", "b", "c"])])

    def test_text_does_not_overlap(self):
        figure = self.draw_panels()
        renderer = figure.canvas.get_renderer()
        figure.draw(renderer)
        boxes = [panel.title.get_window_extent(renderer) for panel in figure.axes]
        boxes.append(figure.legends[0].get_window_extent(renderer))
        for a, b in itertools.combinations(boxes, 2):
            self.assertFalse(a.overlaps(b))


if __name__ == "__main__":
    unittest.main()
