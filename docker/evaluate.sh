#!/bin/sh
# evaluate.sh small|full: simulates every point of an experiment; results in /output.
[ -w /output ] || { echo "evaluate.sh: /output is not writable; add: --user \"\$(id -u):\$(id -g)\"" >&2; exit 2; }
exec bandwright evaluate "$@" --output /output
