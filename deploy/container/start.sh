#!/bin/sh
# First program of scheduler, board and exit in a container: start.sh COMMAND...
# One that ends with exit code 78 needs a person, and starting it again makes no sense before: see wait.sh.
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
# A signal ends `wait`, and not yet the program.
while [ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null; do
  wait "$child" && code=0 || code=$?
done
[ "$code" = 78 ] || exit "$code"
trap - TERM INT HUP USR1
exec sh "$here/wait.sh"
