"""Pages of answers in a headless browser, used as a reader uses them.

Nothing is fetched, nothing goes wrong, nothing sticks out; charts have the data's series and points, tooltips and
switches answer, tables sort and download, and every text is legible in both looks.

Run from anywhere: python3 tests/report/page_test.py BANDWRIGHT CHROMIUM
"""

import csv
import html
import io
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BANDWRIGHT, CHROMIUM = sys.argv[1], sys.argv[2]
HERE = Path(__file__).resolve().parent

# Before anything of the page's own.
WATCH = """<script>window.errorsSeen = [];
addEventListener("error", event => errorsSeen.push(event.message));
addEventListener("securitypolicyviolation", event => errorsSeen.push(event.violatedDirective));
console.error = console.warn = (...words) => errorsSeen.push(words.join(" "));</script>"""

# A page for each kind of answer.
ANSWERS = {
    "estimate": ["estimate", "llama3-70b", "--machine", "dgx-h100", "--npus", "512", "--tp", "8", "--pp", "4"],
    "plan": ["plan", "llama3-8b", "--machine", "dgx-h100", "--npus", "64"],
    "front": ["plan", "llama3-8b", "--machine", "dgx-h100", "--npus", "8,16,32,64", "--global-batch", "256", "--pareto"],
    "hardware": ["plan", "llama3-8b", "--npu", "h100", "--npus", "64", "--global-batch", "256", "--budget", "500",
                 "--cp", "1", "--best", "3"],
    "money": ["optimize", "4D", "325", "17B,175B", "PerfPerCost", "--step", "25"],
    "graph": ["optimize", "RailOptimised(4x8, inside 450, bandwidth 50)", "300", "--collective", "all-reduce",
              "--size", "64 MiB", "Perf"],
    "optimize": ["optimize", "4D", "325", "175B", "Perf"],
    "simulate": ["simulate", "4D", "325", "175B", "NoOverlap"],
    "cost": ["cost", "4D", "--bandwidth", "137.98,120.74,58.91,7.36"],
    "place": ["place", "vgg19", "--batch", "16", "--tiers", "dram-pmm", "--ratio", "4:1", "--policy", "static"],
    "scale": ["scale", "simulate", "cosmogan", "--machine", "edison", "--nodes", "1..64", "--weak", "--batch", "64"],
    "list": ["list", "machines"],
    "validate": ["validate"],  # points that share an x
    "network": ["network", "RailOptimised(4x8, inside 450, bandwidth 50)"],
    "share": ["share", "LeafSpine(8x4, spines 4, bandwidth 50)", "--job",
              "at: npu[0::2]; collective: all-to-all; size: 1 MiB", "--job", "at: npu[1::2]; collective: all-to-all; size: 1 MiB"],
    "trials": ["scale", "trials", "--jobs", "16", "--workers", "1..64", "--duration", "42.85s", "--startup", "16.1s"],
}
# Two views of the same sweep.
VIEWS = """name: views
libraries: astra1
networks: [2D, 3D]
models: 17B
recompute: full
budgets: {from: 100 GB/s, to: 500 GB/s, step: 200 GB/s}
grids:
  - view: simulated
    allocations: [EqualBW, PerfOptBW, PerfPerCostOptBW]
  - view: closed
    engines: closed-form
    allocations: [EqualBW, PerfOptBW, PerfPerCostOptBW]
"""

# And their charts, by name.
CHARTS = {
    "estimate": ["parts"], "plan": ["ranking"], "front": ["front"], "hardware": ["ranking", "bought"],
    "optimize": ["division", "step"], "money": ["division", "step", "proof"], "graph": ["division", "step"],
}


def run(*words):
    return subprocess.run([BANDWRIGHT, *map(str, words)], check=True, capture_output=True, text=True)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        run("evaluate", "small", "--output", cls.folder)
        run("report", "small", "--output", cls.folder)
        cls.report = (cls.folder / "graph_small/report.html").read_text(encoding="utf-8")
        cls.interactive = "uPlot" in cls.report.split("<body>")[1]

    def seen(self, page, width=1200):
        """What the probe saw of a page in a window so wide."""
        probed = self.folder / "probed.html"
        probe = f"<script>{(HERE / 'probe.js').read_text(encoding='utf-8')}</script>"
        probed.write_text(page.replace("<head>", "<head>" + WATCH).replace("</body>", probe + "</body>"), encoding="utf-8")
        done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
                               "--virtual-time-budget=10000", "--enable-logging=stderr", "--dump-dom", probed.as_uri()],
                              capture_output=True, text=True, timeout=120, check=True)
        self.assertNotIn("CONSOLE", done.stderr)
        found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
        self.assertIsNotNone(found, "the page's script did not end")
        return json.loads(html.unescape(found.group(1)))

    def check(self, seen):
        self.assertEqual((seen["errors"], seen["fetched"], seen["wider"]), ([], [], 0))
        self.assertTrue(seen["links"])
        for look in ("light", "dark"):  # WCAG AA: 4.5 for text, 3 for what a picture is made of
            self.assertGreaterEqual(seen[look]["text"]["ratio"], 4.5, seen[look]["text"])
            self.assertGreaterEqual(seen[look]["series"], 3.0, look)
        self.assertNotEqual(seen["light"]["paper"], seen["dark"]["paper"])
        self.assertTrue(seen["redrawn"])
        for table in seen["tables"]:
            self.check_table(table)
        for chart in seen["charts"]:
            self.check_chart(chart)
        for cells in seen["maps"]:
            self.check_map(cells)
        if self.interactive:
            self.assertEqual(seen["drawings"], 0)

    def check_table(self, table):
        self.assertEqual(table["after"], table["before"], table["name"])
        self.assertEqual(sorted(table["ascending"]), sorted(table["before"]))
        if table["numeric"] and all(re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", cell) for cell in table["before"]):
            self.assertEqual(table["ascending"], sorted(table["before"], key=float))
            self.assertEqual(table["descending"], sorted(table["before"], key=float, reverse=True))
        self.assertEqual(len(list(csv.reader(io.StringIO(table["csv"])))), 1 + len(table["before"]))

    def check_chart(self, chart):
        with self.subTest(chart["name"]):
            self.assertTrue(chart["off"] and chart["on"])
            names = list(dict.fromkeys(series["name"] for panel in chart["panels"] for series in panel["series"]))
            self.assertEqual(chart["switches"], names)
            self.assertNotIn(None, chart["tips"])
            for panel in chart["panels"]:
                self.assertEqual(panel["drawn"], len(panel["series"]))
                self.assertEqual(panel["points"], [len(series["x"]) for series in panel["series"]])
                self.assertTrue(panel["canvas"])
                self.assertGreaterEqual(panel["gap"], 15)
            rows = list(csv.reader(io.StringIO(chart["csv"])))
            self.assertEqual(len(rows) - 1, chart["points"])  # of all views
            shown = sum(len(series["x"]) for panel in chart["panels"] for series in panel["series"])
            self.assertLessEqual(shown, chart["points"])

    def check_map(self, found):
        panel, = found["panels"]
        values = [y for series in panel["series"] for y in series["y"]]
        self.assertEqual(len(found["cells"]), len(values))
        for shown, value in zip(found["cells"], values):
            self.assertAlmostEqual(shown, value, delta=1e-3 * value)
        self.assertTrue(all(abs(each - min(values)) <= 1e-3 * each for each in found["least"]))
        self.assertGreaterEqual(len(found["least"]), 1)
        self.assertTrue(all(re.fullmatch(r"PP \d+, TP \d+: step, s [\d.,]+", title) for title in found["titles"]), found["titles"])
        self.assertEqual(len(list(csv.reader(io.StringIO(found["csv"])))), 1 + len(values))

    def test_a_reader_chooses_one_of_several_views(self):
        if not self.interactive:
            self.skipTest("built without the chart library")
        (self.folder / "views.yaml").write_text(VIEWS, encoding="utf-8")
        run("evaluate", self.folder / "views.yaml", "--output", self.folder)
        run("report", self.folder / "views.yaml", "--output", self.folder)
        seen = self.seen((self.folder / "graph_views/report.html").read_text(encoding="utf-8"))
        self.check(seen)
        views = seen["views"]
        first, last = views["names"][0], views["names"][-1]
        self.assertGreaterEqual(len(views["names"]), 2)
        for panels in views["first"] + views["again"]:
            self.assertEqual(set(panels), {first})
        for panels in views["last"]:
            self.assertEqual(set(panels), {last})
        self.assertTrue(views["whole"])
        self.assertTrue(all(pressed == [last] for pressed in views["pressed"]), views["pressed"])

    def test_the_report_works_at_every_width(self):
        for width in (500, 1600):  # the browser has no narrower window
            with self.subTest(width=width):
                self.check(self.seen(self.report, width))

    def test_the_report_works_on_a_phone(self):
        # A frame is as narrow as it is said to be.
        frame = f'<iframe srcdoc="{html.escape(self.report)}" style="width:400px;height:900px;border:0"></iframe>'
        probe = """<script>addEventListener("load", () => {
          const page = document.querySelector("iframe").contentDocument.documentElement;
          document.title = `width ${page.clientWidth} wider ${page.scrollWidth - page.clientWidth}`;
        });</script>"""
        (self.folder / "phone.html").write_text(f"<!DOCTYPE html><body style='margin:0'>{frame}{probe}</body>", encoding="utf-8")
        done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000",
                               "--dump-dom", (self.folder / "phone.html").as_uri()],
                              capture_output=True, text=True, timeout=120, check=True)
        width = int(re.search(r"<title>width (\d+) wider 0</title>", done.stdout).group(1))
        self.assertLessEqual(width, 400)

    def test_charts_have_the_numbers_of_the_results(self):
        if not self.interactive:
            self.skipTest("built without the chart library")
        charts = {chart["name"]: chart for chart in self.seen(self.report)["charts"]}
        self.assertEqual(list(charts), ["fig12", "fig13", "fig14", "pareto", "convergence", "utilization"])
        with open(self.folder / "small/results.csv", newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.DictReader(stream) if row["view"] == "simulated" and row["network"] == "2D"]

        def times(allocation, source):
            return {float(row["budget_gb_per_s"]): float(row["step_time_s"]) for row in rows
                    if row["allocation"] == allocation and row["source"] == source}
        equal = times("EqualBW", "equal")
        panel, = charts["fig12"]["panels"]
        points = {}  # a curve may go on dashed, in a series of its own
        for each in panel["series"]:
            points.setdefault(each["name"], {}).update(zip(each["x"], each["y"]))
        self.assertEqual(panel["title"], "17B on 2D")
        for name, source in (("PerfOptBW", "optimized"), ("PerfPerCostOptBW, published shares", "published")):
            own = times(name.split(",")[0], source)
            self.assertEqual(sorted(points[name]), sorted(own))
            for x, y in points[name].items():
                self.assertAlmostEqual(y, equal[x] / own[x], delta=1e-12)

    def test_findings_stand_above_the_rows_that_they_are_read_from(self):
        sections = re.split(r"<h2[^>]*>", self.report)
        said = [section for section in sections if section.startswith("Findings in the view")]
        self.assertGreaterEqual(len(said), 1)
        largest = re.search(r"and at most ([\d.]+) %", said[0]).group(1)
        losses = next(section for section in sections if section.startswith("Performance per cost lost"))
        shown = [float(cell) for cell in re.findall(r"([\d.]+) %</td></tr>", losses)]
        self.assertAlmostEqual(max(shown), float(largest), delta=0.05)

    def test_every_kind_of_answer_has_a_page(self):
        for name, words in ANSWERS.items():
            with self.subTest(name):
                page = self.folder / f"{name}.html"
                run(*words, "--html", page)
                text = page.read_text(encoding="utf-8")
                seen = self.seen(text)
                self.check(seen)
                if self.interactive:
                    charts = [chart["name"] for chart in seen["charts"]]
                    self.assertEqual(charts, CHARTS.get(name, charts))
                self.assertEqual(len(seen["maps"]), 1 if name in ("plan", "front") else 0)
                self.assertIn(f"<footer>\n<p>made by: <code>bandwright {words[0]} ", text)

    def test_it_names_no_address(self):
        body = re.sub(r"<script>.*?</script>", "", self.report, flags=re.DOTALL)
        self.assertEqual(re.findall(r"(?:src|href)=[\"'](?!data:|#)", body), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
