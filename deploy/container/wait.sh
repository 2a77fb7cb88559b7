#!/bin/sh
# Wait until the configuration or the file of a secret changes, after a program of tac8 has printed a problem that an operator has to
# fix. Then end with exit code 78, and Docker starts the container again. To end immediately would cause a loop of restarts, in which
# `docker compose exec` does not work. The program no longer touches its heartbeat file, so the container becomes unhealthy.
# A mount of a single file keeps its original file. If an editor writes a new file and renames it, the mount still has the old file,
# which then has no link. The container's next start mounts the new file.
set -eu
config=${TAC8_CONFIG:-config.toml}
home=${TAC8_HOME:-/data}

# Print inode, times of content and permissions, size, and number of links of each file that the start reads.
state() {
  {
    printf '%s\n' "$config"
    env | sed -n 's/^[A-Z0-9_]*_FILE=//p'
    find -L /run/secrets "$home" -maxdepth 1 -type f \( -path '/run/secrets/*' -o -name '*-token' -o -name '*-key' \)
  } 2>/dev/null | sort -u | xargs -d '\n' stat -L -c '%n %i %Y %Z %s %h' -- 2>&1 || true
}

before=$(state)
echo "tac8 waits for you to fix this problem. It starts again automatically when $config or the file of a secret changes." \
  "After a change of .env, run docker compose up -d. After any other change, run docker compose restart." >&2
while [ "$(state)" = "$before" ]; do sleep 5; done
echo "the configuration or a secret has changed: starting again" >&2
exit 78
