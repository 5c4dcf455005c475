"""The report of `small` in a headless browser: every picture shows, nothing is fetched, nothing sticks out.

Run from anywhere: python3 tests/report/page_test.py BANDWRIGHT CHROMIUM
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BANDWRIGHT, CHROMIUM = sys.argv[1], sys.argv[2]

# Runs after everything has loaded and leaves what it saw as the page's title.
PROBE = """<script>addEventListener("load", () => {
  const page = document.documentElement;
  document.title = JSON.stringify({
    pictures: document.images.length,
    broken: [...document.images].filter(image => !image.naturalWidth).length,
    fetched: performance.getEntriesByType("resource").filter(entry => !entry.name.startsWith("data:")).length,
    wider: page.scrollWidth - page.clientWidth});
});</script>"""


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        for words in (["evaluate", "small"], ["report", "small"]):
            subprocess.run([BANDWRIGHT, *words, "--output", cls.folder], check=True, capture_output=True)
        cls.page = (cls.folder / "graph_small/report.html").read_text(encoding="utf-8")

    def seen(self, width):
        """The page as the browser has it after loading, with the probe's findings as its title."""
        probed = self.folder / "probed.html"
        probed.write_text(self.page.replace("</body>", PROBE + "</body>"), encoding="utf-8")
        run = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
                              "--virtual-time-budget=10000", "--dump-dom", probed.as_uri()],
                             capture_output=True, text=True, timeout=120, check=True)
        return run.stdout

    def test_every_picture_shows_and_nothing_is_fetched(self):
        figures = self.page.count("<figure")
        self.assertGreaterEqual(figures, 6)
        dom = self.seen(1200)
        self.assertIn(f'<title>{{"pictures":{figures},"broken":0,"fetched":0,"wider":0}}</title>', dom)
        for heading in ("Findings", "Run it again"):
            self.assertIn(heading, dom)

    def test_it_fits_a_small_window(self):
        self.assertIn('"wider":0}', self.seen(480))

    def test_it_names_no_address(self):
        self.assertEqual(re.findall(r"(?:src|href)=[\"'](?!data:|#)", self.page), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
