#!/bin/sh
# optimize.sh NETWORK BUDGET MODEL TARGET [LOOP]: the best division of a bandwidth budget.
exec bandwright optimize "$@"
