#!/bin/sh
# plot.sh small|full FIGURE: draws a figure from the results in /output.
[ -w /output ] || { echo "plot.sh: /output is not writable; add: --user \"\$(id -u):\$(id -g)\"" >&2; exit 2; }
exec bandwright plot "$@" --output /output
