"""Bandwright from Python: the questions of the command line, their answers as objects.

    >>> import bandwright as bw
    >>> job = bw.Job("llama3-70b", machine="dgx-h100", npus=512, tp=8, pp=4, sequence_parallel=True)
    >>> answer = bw.estimate(job)
    >>> answer.step_time_s, answer.fits
    >>> bw.plan("llama3-70b", machine="dgx-h100", npus=512, global_batch=1024).frame()

Every function is a command of the same name (``scale_fit`` is ``scale fit``). Positional arguments are its words and
keywords its options: ``global_batch=1024`` is ``--global-batch 1024``. A value may be a word, a number, a list (where the
command line has commas or repeats the option), a flag (``True``), or, where the command line takes a file of YAML or
JSON, a dict of its content. Numbers of answers are in SI units, GB/s and dollars, as their names say (docs/json.md).
"""

from ._answer import Answer, Record, Rows
from ._ask import (
    InputError, Interrupted, Job, NoAnswer, ask, commands, function_of, schema, version as __version__)
from ._figure import Figure
from ._lists import libraries, lists, machines, models, networks, npus, prices

calibrate = function_of("calibrate")
check = function_of("check")
cost = function_of("cost")
curve = function_of("scale simulate", "curve")
estimate = function_of("estimate")
evaluate = function_of("evaluate")
export = function_of("export")
import_file = function_of("import", "import_file")
network = function_of("network")
optimize = function_of("optimize")
place = function_of("place")
plan = function_of("plan")
report = function_of("report")
scale_fit = function_of("scale fit")
scale_measure = function_of("scale measure")
scale_simulate = function_of("scale simulate")
scale_trials = function_of("scale trials")
simulate = function_of("simulate")
table = function_of("table")
validate = function_of("validate")
verify = function_of("verify")

__all__ = [
    "Answer", "Figure", "InputError", "Interrupted", "Job", "NoAnswer", "Record", "Rows", "ask", "calibrate",
    "check",
    "commands", "cost", "curve", "estimate", "evaluate", "export", "import_file", "libraries", "lists", "machines",
    "models", "network", "networks", "npus", "optimize", "place", "plan", "prices", "report", "scale_fit",
    "scale_measure", "scale_simulate", "scale_trials", "schema", "simulate", "table", "validate", "verify",
]
