"""The scripts by which shells complete words of `skiff`: they ask the command (`cli.completion`) what can come next."""

from __future__ import annotations

# Bash takes ':' and '=' for ends of words: what stands before the last of them is on the line already.
_BASH = r"""# bash completion of skiff: load it, or have it as /usr/share/bash-completion/completions/skiff
_skiff() {
  local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT} word
  word=${line##* }
  COMPREPLY=($(skiff completion candidates "$line" 2>/dev/null))
  COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*[:=]}"}"}")
  [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *[:/] ]] || compopt -o nospace
}
complete -o default -F _skiff skiff
"""
_ZSH = r"""#compdef skiff
# zsh completion of skiff: have it as _skiff in a folder of $fpath
_skiff() {
  local -a candidates
  candidates=("${(@f)$(skiff completion candidates "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
  compadd -S '' -- ${(M)candidates:#*[:/]}
  compadd -- ${candidates:#*[:/]}
}
if [ "$funcstack[1]" = _skiff ]; then _skiff "$@"; else compdef _skiff skiff; fi
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH}
