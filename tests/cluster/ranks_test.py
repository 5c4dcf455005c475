#!/usr/bin/python3
"""The program under mpirun: ranks_test.py PROGRAM

Any number of ranks and threads gives what one process does, byte for byte; a rank that is killed loses nothing that
was finished; without a launcher MPI is not loaded.
"""

import random
import signal
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

from runs import MPIRUN, PROGRAM, Scratch, alive, buy, end, evaluate, files, plan, processes_below, program_processes, run


KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 3  # ten, asked for by hand


def ranks(count):
    return [*MPIRUN, "-n", str(count)]


def stored(folder):
    """How many results a store has."""
    try:
        with sqlite3.connect(folder / "output/sweep/results.sqlite") as store:
            return store.execute("SELECT count(*) FROM results").fetchone()[0]
    except sqlite3.OperationalError:  # not there yet
        return 0


def pieces(folder):
    """How many pieces a checkpoint has."""
    try:
        with sqlite3.connect(folder / "plan.sqlite") as checkpoint:
            return checkpoint.execute("SELECT count(*) FROM pieces").fetchone()[0]
    except sqlite3.OperationalError:  # not there yet
        return 0


@unittest.skipUnless(shutil.which("mpirun") and (PROGRAM.parent / "bandwright_mpi.so").exists(), "no MPI")
class Ranks(unittest.TestCase):
    maxDiff = 2000

    def test_any_ranks_and_threads_give_what_one_process_gives(self):
        for words_of in (evaluate, lambda _, threads=1: plan(threads), lambda _, threads=1: buy(threads)):
            with Scratch() as folder:
                alone = run(folder, words_of(folder))
                self.assertEqual(alone[0], 0, alone[2])
                expected = files(folder)
            for count, threads in ((1, 1), (2, 1), (2, 2), (4, 1), (4, 0)):
                with self.subTest(count=count, threads=threads), Scratch() as folder:
                    together = run(folder, words_of(folder, threads), ranks(count))
                    self.assertEqual(together[:2], alone[:2], together[2])
                    self.assertEqual(files(folder), expected)

    def test_what_is_wrong_is_said_once(self):
        for words, problem in ((["plan", "llama3-8b", "--machine", "dgx-h100", "--npus", "0"], "--npus"),
                               (["plan", "llama3-8b", "--sped"], "--sped"),
                               (["evaluate", "no-such-experiment"], "no-such-experiment"),
                               (["evaluate", "small", "--output", "/proc/x"], "/proc/x")):
            with self.subTest(words=words), Scratch() as folder:
                status, out, err = run(folder, words, ranks(3))
                self.assertEqual((status, out), (2, ""))
                said = [line for line in err.splitlines() if line.startswith("bandwright: ")]
                self.assertEqual(len(said), 1, err)
                self.assertIn(problem, said[0])

    def test_a_killed_rank_loses_nothing_that_was_finished(self):
        with Scratch() as folder:
            self.assertEqual(run(folder, evaluate(folder))[0], 0)
            expected = files(folder)
        with Scratch() as folder:
            start = time.monotonic()
            self.assertEqual(run(folder, evaluate(folder), ranks(3))[0], 0)
            seconds = time.monotonic() - start
        for seed in range(KILLS):
            random.seed(seed)
            with self.subTest(seed=seed), Scratch() as folder:
                words = evaluate(folder)
                with subprocess.Popen([*ranks(3), PROGRAM, *words], cwd=folder, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL) as launched:
                    time.sleep(seconds * random.uniform(0.3, 1.0))
                    below = processes_below(launched.pid)
                    found = program_processes(launched.pid)
                    if found:
                        os.kill(random.choice(found), signal.SIGKILL)
                    end(launched)
                deadline = time.monotonic() + 10
                while any(map(alive, below)) and time.monotonic() < deadline:
                    time.sleep(0.05)
                self.assertFalse(any(map(alive, below)))
                before = stored(folder)
                status, _, err = run(folder, words, ranks(2))  # which says how many it computed
                self.assertEqual(status, 0, err)
                self.assertEqual(files(folder), expected)
                print(f"seed {seed}: {before} of {stored(folder)} results were kept", file=sys.stderr)

    def test_a_killed_plan_goes_on_from_its_checkpoint(self):
        with Scratch() as folder:
            alone = run(folder, buy())
            self.assertEqual(alone[0], 0, alone[2])
            expected = files(folder)
        with Scratch() as folder:
            start = time.monotonic()
            self.assertEqual(run(folder, buy(), ranks(3))[0], 0)
            seconds = time.monotonic() - start
        for seed in range(KILLS):
            random.seed(seed)
            with self.subTest(seed=seed), Scratch() as folder:
                words = [*buy(), "--checkpoint", "plan.sqlite"]
                with subprocess.Popen([*ranks(3), PROGRAM, *words], cwd=folder, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL) as launched:
                    time.sleep(seconds * random.uniform(0.6, 1.0))
                    found = program_processes(launched.pid)
                    if found:
                        os.kill(random.choice(found), signal.SIGKILL)
                    end(launched)
                kept = pieces(folder)
                again = run(folder, words, ranks(2))
                self.assertEqual(again[:2], alone[:2], again[2])
                self.assertEqual(files(folder), expected)  # and no checkpoint is left
                print(f"seed {seed}: {kept} pieces were kept", file=sys.stderr)

    def test_another_command_line_at_another_rank_is_refused(self):
        with Scratch() as folder:
            status, out, err = run(folder, [*plan(), ":", "-n", "1", PROGRAM, *plan(2)], ranks(1))
            self.assertEqual((status, out), (2, ""))
            self.assertIn("the first rank was given another command line", err)


class Alone(unittest.TestCase):
    def test_a_plain_start_loads_no_mpi(self):
        with Scratch() as folder:
            _, _, loaded = run(folder, ["estimate", "--help"], environment={"LD_DEBUG": "files"})
            self.assertIn("libc.so", loaded)
            self.assertNotIn("mpi", loaded)

    def test_several_of_slurm_that_do_not_find_each_other_stop_before_they_write(self):
        with Scratch() as folder:
            words = evaluate(folder)
            before = files(folder)
            status, out, err = run(folder, words, environment={"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "1"})
            self.assertEqual((status, out), (2, ""))
            self.assertEqual(err, "bandwright: Slurm: started as one of 4 processes, but the MPI world has one: "
                                  "start it with srun --mpi=pmix\n")
            self.assertEqual(files(folder), before)

    def test_the_script_for_slurm_is_the_same_command(self):
        with Scratch() as folder:
            words = ["plan", "llama3-8b", "--machine", "dgx-h100", "--npus", "8", "--explain", "tp 8 pp 1"]
            status, out, err = run(folder, [*words, "--slurm", "--tasks", "16", "--partition=gpu"])
            self.assertEqual(status, 0, err)
            self.assertEqual(out, "#!/bin/bash\n#SBATCH --job-name=plan\n#SBATCH --output=plan-%j.log\n"
                                  "#SBATCH --requeue\n#SBATCH --ntasks=16\n#SBATCH --partition=gpu\n\n"
                                  "srun --mpi=pmix --kill-on-bad-exit=1 bandwright plan llama3-8b --machine dgx-h100 "
                                  "--npus 8 --explain 'tp 8 pp 1'\n")
            self.assertEqual(run(folder, [*words, "--tasks", "16"])[2], "bandwright: --tasks needs --slurm\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
