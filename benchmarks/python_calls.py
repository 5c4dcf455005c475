#!/usr/bin/python3
"""What questions cost when they are asked from Python: scripts/python benchmarks/python_calls.py

A call is compared with the program's own part of it, which the module is asked for word by word, and a loop over dicts is
timed as somebody would write it. Processor time of this process; the rest of the machine does not count.
"""

import time

import bandwright as bw
from bandwright import _ask, _bandwright

JOB = dict(model="gpt3-175b", machine="dgx-a100", npus=512, tp=8, pp=8, sequence_parallel=True, global_batch=1024)
NPUS = [64, 128, 256, 512, 1024]


def seconds(work, times):
    """Of one of so many, after a first one."""
    work()
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def sweep(times):
    """Estimates over dicts, each another one."""
    start = time.process_time()
    total = 0.0
    for i in range(times):
        total += bw.estimate(**{**JOB, "npus": NPUS[i % len(NPUS)], "tp": 4 << i % 2}).step_time_s
    return time.process_time() - start


def main():
    words = _ask._words_of("estimate").of((), JOB)
    refused = [word if word != "512" else "none" for word in words]  # read up to the last word, answered by an error

    def refusal():
        try:
            _bandwright.ask(refused, False)
        except bw.InputError:
            pass

    call = seconds(lambda: bw.estimate(**JOB).step_time_s, 3000)
    inside = seconds(lambda: _bandwright.ask(words, False), 3000)
    reading = seconds(refusal, 3000)
    print(f"estimate, one call          {1e6 * call:8.1f} us")
    print(f"  in the program            {1e6 * inside:8.1f} us, of which {1e6 * reading:.1f} us until its words and inputs are read")
    print(f"  Python's own part         {1e6 * (call - inside):8.1f} us")
    print(f"10,000 estimates over dicts {sweep(10_000):8.2f} s")
    plan = dict(model="llama3-70b", machine="dgx-h100", npus=512, global_batch=1024)
    print(f"plan                        {seconds(lambda: bw.plan(**plan), 3):8.3f} s")


if __name__ == "__main__":
    main()
