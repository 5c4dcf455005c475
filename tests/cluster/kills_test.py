#!/usr/bin/python3
"""kill -9 at random moments: kills_test.py PROGRAM [MOMENTS]

After each kill nothing half-written is there and no process is left, and the same command gives the same bytes as one
that was never disturbed. 30 moments of each command unless said otherwise; those of `plan` and `evaluate` alternate with
kills of a rank under mpirun.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest

from runs import MPIRUN, PROGRAM, ROOT, Scratch, alive, buy, end, evaluate, files, plan, processes_below, program_processes, run

MOMENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 30


def wait_until_gone(pids):
    """Those still alive after a while; what a program leaves to others may take a moment to end."""
    deadline = time.monotonic() + 10
    left = [pid for pid in pids if alive(pid)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [pid for pid in left if alive(pid)]
    return left


def killed(folder, words, seconds, launcher=()):
    """Starts, kills after a time, and returns the processes that outlived it and whether it was killed in time."""
    with subprocess.Popen([*launcher, PROGRAM, *words], cwd=folder, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as started:
        time.sleep(seconds)
        below = processes_below(started.pid)
        victims = program_processes(started.pid) if launcher else [started.pid]
        hit = False
        if victims and started.poll() is None:
            try:
                os.kill(random.choice(victims), signal.SIGKILL)
                hit = True
            except ProcessLookupError:
                pass
        end(started)
    return wait_until_gone(below), hit


class Kills(unittest.TestCase):
    maxDiff = 2000

    def disturb(self, name, words_of, whole, launchers=((),), says_the_same=True):
        """Kills at moments spread over a run. `whole`: what a killed run may leave is as in the undisturbed one."""
        with Scratch() as folder:
            start = time.monotonic()
            alone = run(folder, words_of(folder))
            seconds = time.monotonic() - start
            self.assertEqual(alone[0], 0, alone[2])
            expected = files(folder)
        random.seed(name)
        hits = 0
        for moment in range(MOMENTS):
            launcher = launchers[moment % len(launchers)]
            extra = 0.8 if launcher else 0.0  # until MPI has begun
            with self.subTest(moment=moment, launcher=bool(launcher)), Scratch() as folder:
                words = words_of(folder)
                left, hit = killed(folder, words, extra * random.random() + random.random() * seconds, launcher)
                self.assertEqual(left, [])
                hits += hit
                whole(folder, expected)
                again = run(folder, words)
                self.assertEqual(again[0], 0, again[2])
                if says_the_same:
                    self.assertEqual(again[1], alone[1])
                self.assertEqual(self.named(files(folder)), self.named(expected))
        print(f"{name}: {hits} of {MOMENTS} kills came before the end of {seconds:.1f} s", file=sys.stderr)

    @staticmethod
    def named(found):
        """Without what a killed process could not take away: temporary files, never read again."""
        return {name: data for name, data in found.items() if not pathlib.Path(name).name.startswith(".")
                and not name.endswith(("-journal", "-wal", "-shm")) and ".partial" not in name}

    def whole_files(self, folder, expected):
        """A file that is there is whole."""
        for name, data in self.named(files(folder)).items():
            if name in expected:
                self.assertEqual(data, expected[name], name)

    def test_evaluate(self):
        ranks = [(), [*MPIRUN, "-n", "3"]] if shutil.which("mpirun") else [()]
        self.disturb("evaluate", evaluate, self.whole_files, ranks, says_the_same=False)  # but for what it computed

    def test_plan(self):
        ranks = [(), [*MPIRUN, "-n", "2"]] if shutil.which("mpirun") else [()]
        self.disturb("plan", lambda _: plan(), self.whole_files, ranks)

    def test_plan_with_a_checkpoint(self):
        ranks = [(), [*MPIRUN, "-n", "2"]] if shutil.which("mpirun") else [()]
        self.disturb("checkpoint", lambda _: [*buy(), "--checkpoint", "plan.sqlite"], self.whole_files, ranks)

    def test_export(self):
        words = ["export", "175B", "--npus", "512", "--to", "chakra", "-o", "traces"]

        def all_or_none(folder, expected):
            self.whole_files(folder, expected)
            found = self.named(files(folder))
            self.assertIn(len([name for name in found if name.startswith("traces/")]),
                          (0, len([name for name in expected if name.startswith("traces/")])))
        self.disturb("export", lambda _: words, all_or_none)

    def test_scale_measure(self):
        # A command that leaves children in the background and in sessions of their own; times are no part of the bytes.
        command = 'setsid sleep 300 & sleep 300 & sleep 0.1; echo {n}'
        words = ["scale", "measure", "--workers", "1,2,3,4", "--repeat", "1", "--warmup", "0", "--resume", "--store",
                 "runs.sqlite", "--format", "json", "--", "sh", "-c", command]
        random.seed("measure")
        with Scratch() as folder:
            status, out, err = run(folder, words)
            self.assertEqual(status, 0, err)
            expected = self.shape(out)
        for moment in range(MOMENTS):
            with self.subTest(moment=moment), Scratch() as folder:
                left, _ = killed(folder, words, random.random() * 0.7)
                self.assertEqual(left, [])
                status, out, err = run(folder, words)
                self.assertEqual((status, self.shape(out)), (0, expected), err)
                # What was measured is kept: asked once more, nothing is measured again.
                again = run(folder, words)
                self.assertEqual(again[:2], (0, out))

    @staticmethod
    def shape(answer):
        """An answer without what a clock or the machine decides."""
        def bare(value):
            if isinstance(value, dict):
                return {key: "number" if key.endswith("_bytes") else bare(each) for key, each in value.items()}
            if isinstance(value, list):
                return [bare(each) for each in value]
            return "number" if isinstance(value, float) else value
        return json.dumps(bare(json.loads(answer)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
