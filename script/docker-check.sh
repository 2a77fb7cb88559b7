#!/usr/bin/env bash
# Builds the images, runs the demo with three runners until an issue has its pull request, and takes it all down.
# Prints one line a check: "ok docker: …", "not ok docker: …" or "SKIPPED docker: …"; exit 1 when one is not ok.
# Everything has a name and ports of its own, so it disturbs nothing else on the engine.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

project=tac8-check-$$-$RANDOM
failed=0
# Never a developer's .env, token or override of their own.
compose() {
  env -u COMPOSE_FILE -u COMPOSE_PROFILES -u GITHUB_TOKEN -u TAC8_SECRETS TAC8_BOARD_PORT=0 TAC8_DEMO_PORT=0 \
    timeout --kill-after=30 "${limit:-120}" docker compose --ansi never --env-file /dev/null --project-name "$project" \
    --project-directory . -f docker-compose.yml -f docker-compose.override.yml "$@" </dev/null
}
quietly() { # shows what a command printed when it fails
  local printed
  printed=$("$@" 2>&1) || {
    tail -n 60 <<<"$printed"
    return 1
  }
}
check() { # check NAME COMMAND...: runs it, counts it
  local name=$1 begin=$SECONDS
  shift
  if "$@"; then echo "ok docker: $name ($((SECONDS - begin)) s)"; else
    failed=$((failed + 1))
    echo "not ok docker: $name ($((SECONDS - begin)) s)"
    return 1
  fi
}
until_true() { # until_true SECONDS COMMAND...: asks once a second
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 1
  done
}

engine_answers() { timeout 20 docker info >/dev/null 2>&1 && timeout 20 docker compose version >/dev/null 2>&1; }

build() { limit=1800 compose build --quiet; }
start() { limit=300 compose up --detach --no-build --quiet-pull --scale runner=3; }
redis_asks_for_its_password() { compose exec -T redis redis-cli get x 2>&1 | grep NOAUTH >/dev/null; }
claude_runs() { compose exec -T runner claude --version; }
# Every container that should be there is there, and none is anything but healthy.
all_healthy() {
  local states
  states=$(compose ps --all --format '{{.Service}} {{.State}} {{.Health}}') || return 1
  [ "$(grep -c . <<<"$states")" = 7 ] && [ "$(grep -c '^runner ' <<<"$states")" = 3 ] &&
    ! grep -qv ' running healthy$' <<<"$states"
}
github_url() { compose port github 4000; }
pulls() {
  local address
  address=$(github_url) || return 1
  python3 - "http://$address/repos/tac8-demo/greeter/pulls?state=all" <<'PY'
import json, sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer demo-token"})
try:
    pulls = json.load(urllib.request.urlopen(request, timeout=10))
except (OSError, ValueError) as problem:
    sys.exit(f"no answer yet: {problem}")
for pull in pulls:
    print(f"  PR #{pull['number']} from {pull['head']['ref']}: {pull['title']}")
sys.exit(0 if pulls else "no pull request yet")
PY
}
# A stranger, such as an agent, is told nothing; the link of `tac8 open` signs in.
board_lets_in() {
  local address link
  address=$(compose port board 3000) && link=$(compose exec -T board tac8 open 2>/dev/null) || return 1
  python3 - "http://$address" "${link##*/open}" <<'PY'
import sys, urllib.error, urllib.request
from http.cookiejar import CookieJar
base, query = sys.argv[1:]
try:
    urllib.request.urlopen(base, timeout=10)
    sys.exit("the board asked for no password")
except urllib.error.HTTPError as refusal:
    if refusal.code != 401:
        sys.exit(f"the board answered {refusal.code}")
opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
page = opener.open(f"{base}/open{query}", timeout=10).read().decode()
sys.exit(0 if "<title>Overview" in page else "the link led to another page")
PY
}
shows_link() { compose logs --no-color --no-log-prefix board | grep 'Board: http://127.0.0.1:.*/open?token=' >/dev/null; }
runners_lack_password() {
  compose exec -T board test -s /data/tac8-board-password &&
    compose exec -T runner sh -c '! find /data /run/secrets -name "*board*" | grep .'
}
a_pull() { pulls >/dev/null 2>&1; }
show_failure() {
  compose ps --all
  compose logs --no-color --tail 40
}
take_down() { limit=300 compose down --volumes --remove-orphans --rmi local --timeout 45; }
nothing_left() {
  local kind
  for kind in container volume network; do
    [ -z "$(docker "$kind" ls --quiet --filter "label=com.docker.compose.project=$project" "${all[@]}")" ] || return 1
    all=()
  done
}

if ! engine_answers; then
  echo "SKIPPED docker: no engine answers ('docker info', 'docker compose version')"
  [ "${TAC8_SKIP_DOCKER:-}" = 1 ] && exit 0
  echo "not ok docker: skipped (TAC8_SKIP_DOCKER=1 allows it)"
  exit 1
fi

trap 'take_down >/dev/null 2>&1' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if check "images build" quietly build; then
  check "containers start" quietly start &&
    check "the claude CLI runs in the runner" claude_runs
  check "all seven containers are healthy, three runners among them" until_true 240 all_healthy
  check "the board's log has a link that signs in" shows_link
  check "the board lets in by a link of tac8 open, and nobody without" board_lets_in
  check "no runner has the board's password" runners_lack_password
  check "Redis asks for its password" redis_asks_for_its_password
  check "a demo issue has its pull request" until_true 240 a_pull
  pulls
  [ $failed = 0 ] || show_failure
fi
check "taken down" quietly take_down
all=(--all)
check "nothing is left" nothing_left
trap - EXIT
exit $((failed > 0))
