"""What the tests of many processes share: questions with their answers' bytes, from the program or a launcher."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv[1]).resolve()

# A sweep of both engines with optimisations among its points, and a plan with its proof.
SWEEP = """\
name: sweep
networks: [2D, 3D, 4D]
models: [17B, 175B]
budgets: {from: 100 GB/s, to: 500 GB/s, step: 25 GB/s}
allocations: [EqualBW, PerfOptBW, PerfPerCostOptBW]
engines: [closed-form, event-driven]
"""
PLAN = ["plan", "llama3-70b", "--machine", "dgx-h100", "--npus", "64,128", "--global-batch", "256"]
# A network to buy, too.
BUY = ["plan", "llama3-8b", "--npu", "h100", "--npus", "64", "--global-batch", "256", "--budget", "$60000", "--cp", "1",
       "--best", "3"]
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--mca", "oob_tcp_if_include", "lo", "--mca", "btl",
          "self,vader"]


def evaluate(folder, threads=1):
    """The words of the sweep's evaluation in a folder, written there first."""
    (folder / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    return ["evaluate", "sweep.yaml", "--jobs", str(threads), "--format", "csv"]


def plan(threads=1):
    return [*PLAN, "--jobs", str(threads), "--proof", "proof.jsonl"]


def buy(threads=1):
    return [*BUY, "--jobs", str(threads), "--proof", "proof.jsonl"]


def run(folder, words, launcher=(), environment=None):
    """A run to its end: (status, standard output, standard error)."""
    done = subprocess.run([*launcher, PROGRAM, *words], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=600, env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout, done.stderr


def files(folder):
    """Bytes of all that a run leaves, by name; of a store, which has no order of its own, what it says."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "results.sqlite"}


def processes_below(pid):
    """Of a process: it and all it started."""
    found = [pid]
    for each in found:
        for thread in pathlib.Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in thread.read_text(encoding="ascii").split()]
    return found


def program_processes(pid):
    """Those below `pid` that are the program itself."""
    def is_program(each):
        try:
            return os.path.samefile(f"/proc/{each}/exe", PROGRAM)
        except OSError:
            return False
    return [each for each in processes_below(pid) if is_program(each)]


def end(launched, seconds=20):
    """Waits for what was started. A launcher that has lost all its ranks and hangs itself, as mpirun of OpenMPI 4.1
    sometimes does after a kill, is ended: it is not what is tested."""
    try:
        launched.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        launched.kill()
        launched.wait()


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Scratch:
    """A folder for as long as it is needed."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="bandwright-"))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)
