# Completion for bash: commands, options, and the names that `bandwright list` has.
_bandwright() {
  mapfile -t COMPREPLY < <(bandwright complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ ${#COMPREPLY[@]} -gt 0 ]] || compopt -o default
}
complete -F _bandwright bandwright
