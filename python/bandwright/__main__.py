"""python3 -m bandwright: the command line."""

import signal
import sys

from ._bandwright import main


def run() -> int:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the program hears Ctrl-C itself
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
