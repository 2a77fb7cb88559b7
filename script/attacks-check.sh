#!/usr/bin/env bash
# Lets a hostile agent try the attacks of test/attacks in a container, in mode `user`. The results must be those of the column
# `user, Docker` in docs/security.md. Prints one line: "ok attacks: …", "not ok attacks: …" or "SKIPPED attacks: …"; exit 1 if it is not ok.
# The agent has the rights of an ordinary user in Docker. The test also has the capability SYS_PTRACE, to inspect the agents.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

if ! timeout 20 docker info >/dev/null 2>&1; then
  echo "SKIPPED attacks: no engine answers ('docker info')"
  [ "${TAC8_SKIP_DOCKER:-}" = 1 ] && exit 0
  echo "not ok attacks: skipped (TAC8_SKIP_DOCKER=1 allows it)"
  exit 1
fi

name=tac8-attacks-check-$$-$RANDOM
what="a hostile agent in a container reaches what the table says, and no more"
begin=$SECONDS
take_down() {
  docker rm --force "$name" >/dev/null 2>&1
  docker image rm --force "$name" >/dev/null 2>&1
}
trap take_down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

image() {
  timeout 400 docker build --quiet --tag "$name" - <<'EOF'
FROM node:26-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git perl procps python3 redis-server util-linux \
 && rm -rf /var/lib/apt/lists/*
EOF
}
attacks() {
  # Only the column `user`. The programs are built first, so the container writes nothing to this checkout.
  npm run --silent build && image &&
    timeout 400 docker run --name "$name" --init --env TAC8_ATTACKS_COLUMN="user, Docker" --cap-add SYS_PTRACE --volume "$PWD:/src" --workdir /src "$name" \
      node node_modules/vitest/vitest.mjs run --project e2e test/attacks.e2e.test.ts -t "agent: user, with the results of the table"
}

if printed=$(attacks 2>&1 </dev/null) && grep -q "Tests .*1 passed" <<<"$(sed 's/\x1b\[[0-9;]*m//g' <<<"$printed")"; then
  echo "ok attacks: $what ($((SECONDS - begin)) s)"
else
  tail -n 60 <<<"$printed"
  echo "not ok attacks: $what ($((SECONDS - begin)) s)"
  exit 1
fi
