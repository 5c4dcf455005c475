# Completion for fish: commands, options, and the names that `bandwright list` has.
complete -c bandwright -a '(bandwright complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
