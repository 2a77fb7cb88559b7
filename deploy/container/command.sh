#!/bin/sh
# Run a program, or the command of tac8 with that name: `docker compose run --rm runner doctor`.
set -eu
case ${1-} in
  node | sh | bash | env | git | claude | tac8 | */*) exec "$@" ;;
  *) exec tac8 "$@" ;;
esac
