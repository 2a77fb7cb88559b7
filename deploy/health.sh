#!/bin/sh
# Health check of a container: health.sh heartbeat | health.sh <url>
# Use a shell instead of Node if possible: this runs every few seconds on a Raspberry Pi.
set -eu
if [ "$1" = heartbeat ]; then
  file=${TAC8_HEARTBEAT_FILE:-/tmp/tac8-heartbeat}
  [ -n "$(find "$file" -newermt "-60 seconds" 2>/dev/null)" ] || { echo "no heartbeat for 60 s: see docker compose logs"; exit 1; }
else
  exec node -e 'fetch(process.argv[1], { signal: AbortSignal.timeout(5000) })
    .then((answer) => { if (!answer.ok) throw new Error(`${process.argv[1]} answered ${answer.status}`); })
    .catch((error) => { console.error(error.message); process.exit(1); })' "$1"
fi
