#!/bin/sh
# report.sh small|full: one page with findings, charts and tables of the results in /output.
[ -w /output ] || { echo "report.sh: /output is not writable; add: --user \"\$(id -u):\$(id -g)\"" >&2; exit 2; }
exec bandwright report "$@" --output /output
