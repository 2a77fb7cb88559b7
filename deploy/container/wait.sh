#!/bin/sh
# Waits, after a program of tac8 has said what a person has to fix, until the configuration or the file of a secret changes.
# Then it ends with exit code 78, and Docker starts the container again. Ending at once would be a loop of restarts, and the
# container would be gone to `docker compose exec`. The program that worked here touches its heartbeat file no more, so
# the container becomes unhealthy.
# A mount of a single file keeps the file that it was made of. An editor that writes a new file and renames it leaves the mount with
# the old one, which then has no link any more; the container's next start mounts the new one.
set -eu
config=${TAC8_CONFIG:-config.toml}
home=${TAC8_HOME:-/data}

# Inode, times of content and permissions, size, and number of links of each file that the start reads.
state() {
  {
    printf '%s\n' "$config"
    env | sed -n 's/^[A-Z0-9_]*_FILE=//p'
    find -L /run/secrets "$home" -maxdepth 1 -type f \( -path '/run/secrets/*' -o -name '*-token' -o -name '*-key' \)
  } 2>/dev/null | sort -u | xargs -d '\n' stat -L -c '%n %i %Y %Z %s %h' -- 2>&1 || true
}

before=$(state)
echo "tac8 waits for you to fix that. It starts again by itself when $config or the file of a secret changes;" \
  "after a change of .env: docker compose up -d; after any other: docker compose restart" >&2
while [ "$(state)" = "$before" ]; do sleep 5; done
echo "the configuration or a secret has changed: starting again" >&2
exit 78
