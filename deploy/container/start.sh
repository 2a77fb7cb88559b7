#!/bin/sh
# First program of scheduler, board and exit in a container: start.sh COMMAND...
# If the command ends with exit code 78, an operator has to fix a problem before it can start again: see wait.sh.
set -eu
here=$(dirname "$0")
case "${1-} ${2-}" in
  "node dist/"*) ;;
  *) exec sh "$here/command.sh" "$@" ;;
esac

"$@" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null || true' TERM INT HUP
trap 'kill -USR1 "$child" 2>/dev/null || true' USR1
wait "$child" && code=0 || code=$?
# A signal ends `wait`, but not the program.
while [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do
  wait "$child" && code=0 || code=$?
done
[ "$code" = 78 ] || exit "$code"
trap - TERM INT HUP USR1
exec sh "$here/wait.sh"
