"""Do the figures of `scale` and `place` draw what their commands write, and name what is missing?"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PLOTS = Path(__file__).resolve().parents[2] / "plots"

CURVE = """workers,fits,items_per_s,efficiency,measured_items_per_s
1,true,10,1,10
2,true,19,0.95,
3,true,,,
4,false,,,
"""
PLACEMENT = """policy,ratio,slowdown,to_slow_bytes,to_fast_bytes,relative_memory_cost,pareto,fast_access_share
static,1:0,2.0,0,0,0.5,true,0
static,0:1,1.0,0,0,1,true,1
cache,1:1,1.5,1000,1000,0.75,false,
asynchronous,1:1,,0,0,0.75,false,
"""


class Answers(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def draw(self, script, text):
        table = self.folder / "table.csv"
        table.write_text(text, encoding="utf-8")
        return subprocess.run([sys.executable, "-B", PLOTS / f"{script}.py", table, self.folder / "figure"],
                              capture_output=True, text=True, check=False)

    def test_a_png_and_a_pdf_are_written(self):
        for script, text in (("scaling", CURVE), ("placement", PLACEMENT)):
            with self.subTest(script):
                self.assertEqual(self.draw(script, text).stderr, "")
                for ending in (".png", ".pdf"):
                    self.assertGreater((self.folder / "figure").with_suffix(ending).stat().st_size, 1000)

    def test_what_is_wrong_is_named(self):
        for script, text, message in (
                ("placement", PLACEMENT.replace("slowdown", "speed"), "the column 'slowdown' is missing"),
                ("placement", PLACEMENT.replace("2.0", "x"), "table.csv:2: slowdown: 'x' is not a number"),
                ("placement", PLACEMENT.splitlines()[0] + "\n", "no placement in it"),
                ("scaling", CURVE.replace("efficiency", "e"), "the column 'efficiency' is missing"),
                ("scaling", CURVE.replace("0.95", "nan"), "table.csv:3: efficiency: 'nan' is not a number")):
            with self.subTest(message):
                self.assertIn(message, self.draw(script, text).stderr)

    def test_chunks_of_interleaved_stages_have_shades(self):
        sys.path.insert(0, str(PLOTS))
        self.addCleanup(sys.path.remove, str(PLOTS))
        import timeline
        looks = [timeline.look((0.0, 1.0, "forward 3", "forward", {"micro_batch": 3, "chunk": chunk})) for chunk in range(4)]
        self.assertEqual([label for label, _ in looks], ["forward", *(f"forward, chunk {i}" for i in (2, 3, 4))])
        brightness = [sum(timeline.to_rgba(shade)[:3]) for _, shade in looks]
        self.assertEqual(brightness, sorted(set(brightness)))


if __name__ == "__main__":
    unittest.main()
