# Completion for fish: commands, options, and the names that `bandwright list` has; files where it has none.
function __bandwright_words
    bandwright complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c bandwright -f -n 'count (__bandwright_words) >/dev/null' -a '(__bandwright_words)'
