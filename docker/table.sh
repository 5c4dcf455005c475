#!/bin/sh
# table.sh TABLE [EXPERIMENT]: a table of the paper, or of the results in /output (bandwright table --help).
exec bandwright table "$@" --output /output
