#!/usr/bin/python3
"""Timelines as ui.perfetto.dev needs them: whole ns, slices that nest, names and arguments everywhere."""

import gzip
import json
import os
import pathlib
import re
import tempfile
import unittest
from collections import defaultdict

import bandwright as bw

# A step of the size that people look at, with every kind of event: pipeline, tensors, data.
LARGE = dict(machine="dgx-a100", npus=512, tp=8, pp=8, global_batch=512)


def whole_ns(text):
    """A number of us, as written, in ns; fails where that is not whole."""
    whole, _, part = text.partition(".")
    if len(part) > 3:
        raise AssertionError(f"{text} us is no whole number of ns")
    return int(whole) * 1000 + int((part + "000")[:3])


class Timelines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.json.gz")
            cls.answer = bw.simulate("dgx-a100", "gpt3-175b", **{**LARGE, "machine": None}, timeline=path)
            cls.packed = pathlib.Path(path).read_bytes()
        cls.text = gzip.decompress(cls.packed).decode("utf-8")
        cls.events = json.loads(cls.text, parse_float=str, parse_int=str)["traceEvents"]
        cls.slices = [event for event in cls.events if event["ph"] == "X"]

    def test_it_is_compact(self):
        self.assertLess(len(self.packed), 2.5e6)
        self.assertGreater(len(self.slices), 10_000)

    def test_slices_nest_in_whole_ns(self):
        tracks = defaultdict(list)
        for event in self.slices:
            start = whole_ns(event["ts"])
            tracks[event["pid"], event["tid"]].append((start, -(start + whole_ns(event["dur"]))))
        for track, spans in tracks.items():
            open_until = []
            for start, end in sorted(spans):
                while open_until and open_until[-1] <= start:
                    open_until.pop()
                if open_until:
                    self.assertLessEqual(-end, open_until[-1], f"track {track}: a slice sticks out of another")
                open_until.append(-end)

    def test_every_slice_has_a_category_and_arguments(self):
        for event in self.slices:
            self.assertTrue(event["cat"] and event["args"], event)
        seen = {event["cat"] for event in self.slices}
        self.assertLessEqual({"compute", "bubble", "collective", "chunk", "forward", "backward"}, seen)
        chunk = next(event for event in self.slices if event["cat"] == "chunk")
        self.assertEqual(set(chunk["args"]), {"chunk", "bytes", "gb_per_s", "algorithm"})
        compute = next(event for event in self.slices if event["cat"] == "compute")
        self.assertEqual(set(compute["args"]), {"layer", "pass", "micro_batch"})

    def test_every_track_has_a_name(self):
        named = {(event["pid"], event["tid"]) for event in self.events if event.get("name") == "thread_name"}
        self.assertLessEqual({(event["pid"], event["tid"]) for event in self.slices}, named)
        processes = {event["pid"] for event in self.events if event.get("name") == "process_name"}
        self.assertLessEqual({event["pid"] for event in self.slices}, processes)

    def test_arrows_lead_from_stage_to_stage(self):
        ends = defaultdict(dict)
        for event in self.events:
            if event["ph"] in "sf":
                ends[event["id"]][event["ph"]] = event
        # Forward and back, each micro-batch from each of 8 stages to the next; DP is 512 / 64, so that 64 of them.
        self.assertEqual(len(ends), 2 * 64 * 7)
        for arrow in ends.values():
            self.assertEqual(abs(int(arrow["f"]["tid"]) - int(arrow["s"]["tid"])), 1)
            self.assertLessEqual(whole_ns(arrow["s"]["ts"]), whole_ns(arrow["f"]["ts"]))

    def test_counters_say_what_the_answer_says(self):
        counters = defaultdict(list)
        for event in self.events:
            if event["ph"] == "C":
                counters[event["name"]].append(float(event["args"]["value"]))
        memory = next(values for name, values in counters.items() if name.startswith("memory"))
        fits = bw.estimate("gpt3-175b", **LARGE)
        self.assertAlmostEqual(max(memory) / fits.memory_bytes, 1.0, delta=0.05)
        rates = [max(values) for name, values in counters.items() if name.endswith("GB/s")]
        self.assertGreater(max(rates), 1.0)

    def test_stages_take_as_long_as_the_step(self):
        stages = [event for event in self.slices if event["cat"] in ("forward", "backward")]
        self.assertEqual(len(stages), 2 * 64 * 8)
        end = max(whole_ns(event["ts"]) + whole_ns(event["dur"]) for event in stages)
        # What is not in them: the optimizer and the last gradients.
        self.assertAlmostEqual(end / (self.answer.step_time_s * 1e9), 1.0, delta=0.05)

    def test_the_same_question_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            again = os.path.join(folder, "again.json.gz")
            bw.simulate("dgx-a100", "gpt3-175b", **{**LARGE, "machine": None}, timeline=again)
            self.assertEqual(pathlib.Path(again).read_bytes(), self.packed)

    def test_an_event_stands_on_a_line(self):
        self.assertTrue(all(re.match(r'\{"ph":"[XMCsf]"', line) for line in self.text.splitlines()[1:-1]))


if __name__ == "__main__":
    unittest.main()
