#!/usr/bin/python3
"""Stands in for the program in its own tests: asks the module and tells its errors as the program does."""

import os
import sys

import bandwright as bw

try:
    answer = bw.ask(*map(os.fsencode, sys.argv[1:]))
except bw.InputError as error:
    print(f"bandwright: {error}", file=sys.stderr)
    sys.exit(2)
except bw.NoAnswer as error:
    print(f"bandwright: {error}", file=sys.stderr)
    sys.exit(1)
print(answer)
