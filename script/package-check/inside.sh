#!/usr/bin/env bash
# Run in the container of package-check.sh, as an ordinary user: inside.sh missing|demo, then how `node --version` begins.
set -euo pipefail
step=$1
[[ "$(node --version)" = "$2".* ]] || { echo "this is Node $(node --version), not $2"; exit 1; }

log=/dev/shm/demo.log # Outside of the container's file system, which a later step checks.

missing() {
  tac8 --version
  if tac8 demo >"$log" 2>&1; then echo "the demo started without git"; exit 1; fi
  cat "$log"
  grep -q '^  apt-get update && apt-get install -y --no-install-recommends git redis-server' "$log"
}

fails() { # fails CODE COMMAND...
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" = "$wanted" ] || { echo "exit code $code, not $wanted: $*"; exit 1; }
}

demo() {
  tac8 --help >/dev/null
  local command commands
  commands=$(tac8 --help | sed -n '/^Commands:/,$s/^  \([a-z]\+\) .*/\1/p' | grep -v '^help$')
  [ "$(wc -l <<<"$commands")" -ge 17 ] || { echo "not all commands: $commands"; exit 1; }
  for command in $commands; do tac8 "$command" --help >/dev/null; done
  fails 1 tac8 status
  fails 2 tac8 no-such-command

  tac8 demo >"$log" 2>&1 &
  local pid=$!
  for _ in $(seq 120); do
    grep -q 'pull request #' "$log" && break
    kill -0 $pid 2>/dev/null || { cat "$log"; exit 1; }
    sleep 1
  done
  cat "$log"
  grep -q 'pull request #' "$log"
  for command in status list timeline report "why 1" "view 5" "pause" "resume" "clean --dry-run" "stop 3 --no-wait"; do
    echo "--- tac8 $command"
    # shellcheck disable=SC2086
    tac8 $command
  done
  kill -INT $pid
  fails 0 wait $pid
  # The data of the demo remains, and no process.
  [ -d ~/.local/share/tac8/demo ]
  fails 1 grep -lE '^(tac8|node|redis-server)' /proc/[0-9]*/comm
}

"$step"
