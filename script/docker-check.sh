#!/usr/bin/env bash
# Builds the images, runs the demo with three runners until an issue has its pull request, tests what another user of a runner's
# container can reach, upgrades the Redis of an earlier version, and removes everything.
# Prints one line for each check: "ok docker: …", "not ok docker: …" or "SKIPPED docker: …"; exit 1 if a check is not ok.
# All names and ports are unique, so the check does not disturb other containers of the engine.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

project=tac8-check-$$-$RANDOM
former=$project-former
failed=0
broken=$(mktemp -d)
# Password that `reach.mjs` sends to the exit; empty: none.
password=
# Use no .env, token or override file of the developer.
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
redis_asks_for_its_password() {
  compose exec -T redis redis-cli -s /run/redis/redis.sock get x 2>&1 | grep NOAUTH >/dev/null
}
reach() { # reach SERVICE USER TARGET...: prints what that user of the service's container reaches, see reach.mjs
  ${compose:-compose} exec -T -e "EXIT_PASSWORD=$password" -u "$2" "$1" \
    node --input-type=module -e "$(<script/docker-check/reach.mjs)" -- "${@:3}"
}
all_reached() { # all_reached SERVICE USER TARGET...
  local lines
  lines=$(reach "$@") || return 1
  [ "$(grep -c ' reached$' <<<"$lines")" = $(($# - 2)) ] || { sed 's/^/  /' <<<"$lines" && return 1; }
}
none_reached() { # none_reached SERVICE USER TARGET...; each is named with the reason
  local lines
  lines=$(reach "$@") || return 1
  sed 's/^/  /' <<<"$lines"
  [ "$(grep -c . <<<"$lines")" = $(($# - 2)) ] && ! grep -q ' reached$' <<<"$lines"
}
address_of() { # address_of SERVICE: on the network that leads out
  docker inspect --format "{{(index .NetworkSettings.Networks \"${project}_default\").IPAddress}}" "$(compose ps -q "$1")"
}
gateway() { docker network inspect --format '{{(index .IPAM.Config 0).Gateway}}' "${project}_$1"; }
# The demo's GitHub plays the internet: a container that the exit can reach. A server of this machine listens on all of its addresses.
open_servers() {
  exec {server}< <(exec python3 -u -c 'import socket, time
listener = socket.create_server(("0.0.0.0", 0))
print(listener.getsockname()[1])
time.sleep(1200)')
  server_pid=$!
  read -r port <&"$server"
}
no_way_out() {
  local github board
  github=$(address_of github) && board=$(address_of board) || return 1
  all_reached scheduler 1000 "tcp:$github:4000" "tcp:$board:3000" || return 1
  none_reached runner "$1" "tcp:$github:4000" "tcp:$board:3000" "tcp:$(address_of scheduler):22" name:github name:board \
    name:redis name:example.org tcp:1.1.1.1:443 tcp:169.254.169.254:80 "tcp:$(address_of exit):3128"
}
no_way_to_this_machine() {
  # On some machines, a firewall keeps containers from reaching the machine.
  all_reached scheduler 1000 "tcp:$(gateway default):$port" || echo "  no container reaches this machine here"
  none_reached runner "$1" "tcp:$(gateway default):$port" "tcp:$(gateway runners):$port" tcp:172.17.0.1:"$port"
}
no_way_to_redis() {
  all_reached runner 1000 unix:/run/redis/redis.sock file:/run/redis-password/password || return 1
  none_reached runner "$1" unix:/run/redis/redis.sock file:/run/redis-password/password tcp:redis:6379
}
exit_asks_for_its_password() {
  all_reached runner 1000 file:/run/exit/password || return 1
  none_reached runner "$1" exit:github:4000 exit:example.org:443 file:/run/exit/password 'file:/proc/*/environ' &&
    compose logs --no-color exit | grep "refused a client without the exit.s password" >/dev/null
}
exit_goes_where_it_is_allowed() {
  local password
  password=$(compose exec -T -u node runner cat /run/exit/password) && [ ${#password} = 64 ] || return 1
  all_reached runner "$1" exit:github:4000 || return 1
  none_reached runner "$1" exit:board:3000 "exit:$(address_of github):4000" exit:127.0.0.1:3128 exit:localhost:3128 \
    exit:169.254.169.254:80 "exit:$(gateway default):$port"
}
# The password is neither in `docker inspect` nor in the environment of a process in the containers.
password_is_hidden() {
  local password inspected environ
  password=$(compose exec -T -u node runner cat /run/exit/password) && [ ${#password} = 64 ] || return 1
  inspected=$(compose ps -q | xargs docker inspect) || return 1
  environ=$(compose exec -T -u node runner sh -c '
    for process in /proc/[0-9]*; do
      if grep -aqs "^tac8 runner" "$process/cmdline"; then tr "\0" "\n" <"$process/environ"; fi
    done') || return 1
  grep -q TAC8_EXIT_PASSWORD_FILE <<<"$inspected" && grep -q ^TAC8_EXIT_PASSWORD_FILE= <<<"$environ" &&
    ! grep -q "$password" <<<"$inspected$environ"
}
hardened() {
  local service
  for service in scheduler board exit; do
    compose exec -T "$service" sh -ec '
      if touch /app/x 2>/dev/null; then exit 1; fi
      [ "$(id -u)" = 1000 ]
      grep -q "^CapBnd:.*0000000000000000$" /proc/1/status
      grep -q "^NoNewPrivs:.*1$" /proc/1/status' || return 1
  done
  compose exec -T redis sh -ec '
    if touch /x 2>/dev/null; then exit 1; fi
    grep -q "^NoNewPrivs:.*1$" /proc/1/status
    pid=$(grep -lw redis-server /proc/[0-9]*/comm | head -n 1 | cut -d / -f 3)
    grep -q "^CapEff:.*0000000000000000$" "/proc/$pid/status"
    ! grep -q "^Uid:.0" "/proc/$pid/status"'
}
# The launcher has four capabilities, and the runner none; folders of issues belong to users of agents.
agents_are_users() {
  compose exec -T -u node runner sh -ec '
    if touch /app/x 2>/dev/null; then exit 1; fi
    for process in /proc/[0-9]*; do
      case $(tr "\\0" " " <"$process/cmdline" 2>/dev/null) in
        "tac8 launcher"*) launcher=$(cat "$process/status") ;;
        "tac8 runner"*) runner=$(cat "$process/status") ;;
      esac
    done
    echo "$launcher" | grep -q "^CapEff:.*00000000000001e0$"
    echo "$launcher" | grep -q "^CapBnd:.*00000000000001e0$"
    echo "$runner" | grep -q "^Uid:.1000.1000.1000.1000$"
    echo "$runner" | grep -q "^CapBnd:.*0000000000000000$"
    echo "$runner" | grep -q "^NoNewPrivs:.*1$"
    [ "$(stat -c %a /run/tac8)" = 755 ]
    owners=$(stat -c "%u %a" /data/workspaces/*/*/git/*)
    echo "$owners"
    echo "$owners" | grep -q .
    ! echo "$owners" | grep -Evq "^20[0-9]{3} 710$"'
}
doctor_says_isolated() {
  local printed
  printed=$(compose exec -T runner tac8 doctor 2>&1) || { sed 's/^/  /' <<<"$printed" && return 1; }
  grep -q "✓ .* agents run as a separate user" <<<"$printed" &&
    [ "$(grep -c "✓ .* agents cannot " <<<"$printed")" -ge 4 ] && ! grep -q "✗ .* agents can " <<<"$printed" ||
    { sed 's/^/  /' <<<"$printed" && return 1; }
}
# Run doctor in a new container of the image, without a running runner.
doctor_reaches_github() {
  local printed
  printed=$(compose run --rm --no-deps -T runner doctor 2>&1) || { sed 's/^/  /' <<<"$printed" && return 1; }
  grep -q "connection to GitHub through the proxy http://exit:3128" <<<"$printed" ||
    { sed 's/^/  /' <<<"$printed" && return 1; }
}

upgraded() { # upgraded FILE...: docker compose with the volumes of an earlier version
  env -u COMPOSE_FILE -u COMPOSE_PROFILES timeout --kill-after=30 120 docker compose --ansi never --env-file /dev/null \
    --project-name "$former" --project-directory . -f "$@" </dev/null
}
redis_is_upgraded() {
  local before after
  upgraded script/docker-check/former.yml up --detach --wait --quiet-pull || return 1
  before=$(upgraded script/docker-check/former.yml exec -T redis sh -c \
    'export REDISCLI_AUTH=$(cat /run/redis-password/password) && redis-cli set tac8:kept yes >/dev/null && echo $REDISCLI_AUTH') ||
    return 1
  upgraded docker-compose.yml up --detach --wait redis || return 1
  after=$(upgraded docker-compose.yml exec -T redis sh -c \
    'export REDISCLI_AUTH=$(cat /run/redis-password/password) && redis-cli -s /run/redis/redis.sock get tac8:kept && echo $REDISCLI_AUTH') ||
    return 1
  [ ${#before} = 64 ] && [ "$after" = "yes"$'\n'"$before" ]
}
# Sizes in MB that an image may have over its base. `docker image inspect` counts every layer.
size_of() { docker image inspect --format '{{.Size}}' "$1"; }
at_most() { # at_most MB IMAGE
  local over base
  base=$(size_of "$(sed -n 's/^FROM \(.*\) AS base$/\1/p' Dockerfile)") && over=$((($(size_of "$2") - base) / 1000000)) || return 1
  echo "  $2: $over MB over its base of $((base / 1000000)) MB, at most $1"
  [ "$over" -le "$1" ]
}
sizes() {
  docker build --quiet --target runner-without-agent --tag "$project-plain" . >/dev/null || return 1
  at_most 60 "$project-scheduler" && at_most 150 "$project-plain" && at_most 600 "$project-runner"
}
on_the_path() {
  local service
  for service in scheduler board exit runner; do
    [ "$(compose exec -T "$service" tac8 --version)" = "$(node -p 'require("./package.json").version')" ] || return 1
  done
}
logs_are_for_people() {
  local lines
  # Compose begins each line with a sequence that clears it.
  lines=$(compose logs --no-color --no-log-prefix scheduler runner board exit | sed 's/\x1b\[2K//')
  grep -q "^20..-..-.. ..:..:.. info  runner ready" <<<"$lines" && ! grep -q "^{" <<<"$lines"
}

# A start that an operator must fix: $broken has the configuration of a runner and the token of the scheduler.
wrong() { TAC8_CHECK=$broken compose -f script/docker-check/wrong.yml "$@"; }
container_of() { compose ps --all --quiet "$1"; }
waits() { # waits SERVICE PROBLEM: unhealthy, running, not started again; one line says why
  local id log
  id=$(container_of "$1") && log=$(docker logs "$id" 2>&1) || return 1
  [ "$(docker inspect --format '{{.State.Status}} {{.State.Health.Status}} {{.RestartCount}}' "$id")" = "running unhealthy 0" ] &&
    [ "$(grep -c "$2" <<<"$log")" = 1 ] && [ "$(grep -c "^tac8 waits for you" <<<"$log")" = 1 ]
}
healthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$(container_of "$1")")" = healthy ]; }
wrong_start_waits() {
  sed 's/^repo_owner = .*/repo_ownr = "tac8-demo"/' deploy/demo/config.toml >"$broken/config.toml" &&
    mkdir "$broken/secrets" && echo not-the-token-of-the-demo >"$broken/secrets/github_token" &&
    chmod 600 "$broken/secrets/github_token" && chmod 755 "$broken" && chown -R 1000:1000 "$broken/secrets" || return 1
  LOG_FORMAT=json quietly wrong up --detach --no-build --no-deps --scale runner=1 scheduler runner || return 1
  until_true 60 waits runner 'github.repo_ownr: unknown key' &&
    until_true 60 waits scheduler '"level":60.*Bad credentials'
}
wrong_start_can_be_asked() {
  local by_exec by_run
  by_exec=$(wrong exec -T runner tac8 doctor 2>&1) && return 1
  by_run=$(wrong run --rm --no-deps -T runner doctor 2>&1) && return 1
  grep -q '✗ .*github.repo_ownr: unknown key' <<<"$by_exec" &&
    grep -q '✗ .*github.repo_ownr: unknown key' <<<"$by_run" ||
    { sed 's/^/  /' <<<"$by_exec$by_run" && return 1; }
}
# The configuration as an editor saves it, by a new file; the token in place.
fixed_start_continues() {
  cp deploy/demo/config.toml "$broken/new.toml" && mv "$broken/new.toml" "$broken/config.toml" &&
    echo demo-token >"$broken/secrets/github_token" || return 1
  until_true 60 healthy runner && until_true 60 healthy scheduler
}
# Newer images replace the current ones while agents are at work.
# The demo's GitHub is not part of tac8, so it keeps running.
newer() { TAC8_IMAGE=$project-newer TAC8_VERSION=9.9.9 compose -f docker-compose.images.yml "$@"; }
events() {
  compose exec -T redis sh -c \
    'REDISCLI_AUTH=$(cat /run/redis-password/password) redis-cli -s /run/redis/redis.sock --json xrange tac8:events - +'
}
# At least one agent of these issues has finished and at least two are at work: the log has a line for each.
some_at_work() {
  local log of began ended
  log=$(compose logs --no-color --no-log-prefix runner)
  of=$(tr ' ' '|' <<<"$issues")
  began=$(grep -cE "greeter#($of)  agent (started|resumed)" <<<"$log")
  ended=$(grep -cE "greeter#($of)  agent ended" <<<"$log")
  [ "$ended" -ge 1 ] && [ $((began - ended)) -ge 2 ]
}
newer_images() { # the same programs with another version
  local of
  for of in scheduler:app runner:runner; do
    docker build --quiet --tag "$project-newer-${of#*:}:9.9.9" - >/dev/null <<EOF || return 1
FROM $project-${of%:*}
USER root
RUN sed -i 's/"$(node -p 'require("./package.json").version')"/"9.9.9"/' package.json dist/cli*.js
USER $(docker image inspect --format '{{or .Config.User "root"}}' "$project-${of%:*}")
EOF
  done
}
upgrade_while_at_work() {
  newer_images && issues=$(node script/docker-check/issues.mjs open "http://$(github_url)" 6 | xargs) && until_true 60 some_at_work || return 1
  LOG_FORMAT=text quietly newer up --detach --no-build --scale runner=3 || return 1
  for service in scheduler board exit runner; do [ "$(newer exec -T $service tac8 --version)" = 9.9.9 ] || return 1; done
}
all_ended() { node script/docker-check/issues.mjs ended "http://$(github_url)" $issues; }
each_is_done_once() {
  until_true 180 all_ended || return 1
  events | node script/docker-check/issues.mjs once "http://$(github_url)" $issues
}
# Only runners: GitHub and a Redis with TLS are in the containers of another project.
far() {
  env -u COMPOSE_FILE -u COMPOSE_PROFILES -u GITHUB_TOKEN -u TAC8_SECRETS -u REDIS_PASSWORD_FILE TAC8_DEMO_PORT=0 \
    TAC8_CHECK=$broken TAC8_CHECK_IMAGE=$project REDIS_URL=rediss://pi-2@elsewhere:6380 REDIS_PASSWORD=password-of-pi-2 \
    REDIS_CA_FILE=/tls/ca.pem timeout --kill-after=30 "${limit:-120}" docker compose --ansi never --env-file /dev/null \
    --project-name "$project-far" --project-directory . -f docker-compose.yml -f docker-compose.override.yml \
    -f docker-compose.runner.yml -f script/docker-check/far.yml "$@" </dev/null
}
far_certificate() {
  local key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
  mkdir "$broken/tls" && cd "$broken/tls" || return 1
  openssl req -x509 $key -keyout ca.key -out ca.pem -subj "/CN=tac8 check" -days 2 2>/dev/null &&
    openssl req $key -keyout server.key -out server.csr -subj /CN=elsewhere 2>/dev/null &&
    openssl x509 -req -in server.csr -out server.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
      -extfile <(echo subjectAltName=DNS:elsewhere) 2>/dev/null || return 1
  # The configuration in docs/machines.md.
  cat >redis.conf <<'EOF'
port 0
tls-port 6380
tls-cert-file /tls/server.pem
tls-key-file /tls/server.key
tls-ca-cert-file /tls/ca.pem
tls-auth-clients no
appendonly yes
maxmemory-policy noeviction
user default off
user pi-1 on >password-of-pi-1 ~tac8:* ~bull:issues:* &tac8:* +@all -@dangerous +info
user pi-2 on >password-of-pi-2 ~tac8:* ~bull:issues:* &tac8:* +@all -@dangerous +info
EOF
  chmod -R a+rX "$broken"
}
far_pull() { compose=far pulls >/dev/null 2>&1; }
runners_alone() {
  (far_certificate) && limit=180 quietly far up --detach --no-build --quiet-pull || return 1
  until_true 120 far_pull && compose=far pulls
}
far_keeps_redis() {
  local inspected
  inspected=$(docker inspect "$(far ps -q runner)") && ! grep -q password-of-pi <<<"$inspected" || return 1
  [ "$(far ps --services | sort | xargs)" = "elsewhere elsewhere-scheduler exit github redis runner" ] || return 1
  compose=far none_reached runner 20900:20900 unix:/run/redis/redis.sock name:elsewhere name:redis
}
# Prometheus with its configuration. Intervals and `for` are one second, so that an alert fires soon.
monitored() { TAC8_CHECK=$broken compose -f script/docker-check/monitoring.yml --profile monitoring "$@"; }
prometheus_is_configured() {
  monitored build --quiet prometheus monitoring-secrets &&
    quietly docker run --rm --network none --volume "$PWD/deploy/prometheus:/etc/prometheus:ro" --workdir /etc/prometheus \
      --entrypoint sh "$project-prometheus" -c \
      'promtool check config --syntax-only prometheus.yml && promtool check rules tac8.rules.yml && promtool test rules tac8.test.yml'
}
asked() { # asked QUERY: whether Prometheus has a series for it, with the value 1
  monitored exec -T prometheus promtool query instant http://127.0.0.1:9090 "$1" 2>/dev/null | grep ' => 1 @' >/dev/null
}
prometheus_scrapes() {
  mkdir "$broken/prometheus" && cp deploy/prometheus/*.yml "$broken/prometheus" &&
    sed -i 's/for: .*/for: 1s/; s/_interval: .*/_interval: 1s/' "$broken"/prometheus/*.yml && chmod -R a+rX "$broken" || return 1
  quietly monitored up --detach --no-build --no-deps monitoring-secrets || return 1
  # --no-deps: do not recreate the running containers.
  until_true 30 has_metrics_token && quietly monitored up --detach --no-build --no-deps prometheus &&
    until_true 60 asked 'up{job="tac8"}' && until_true 60 asked 'count(tac8_health_level)'
}
has_metrics_token() {
  [ "$(docker inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$(monitored ps --all --quiet monitoring-secrets)")" = "exited 0" ]
}
fires() { asked 'ALERTS{alertname="Tac8Unreachable",alertstate="firing"}'; }
is_quiet() { ! fires; }
alarm_fires() {
  # The alert also fired before Prometheus got its first answer from the board.
  until_true 30 is_quiet && quietly compose stop --timeout 5 board && until_true 60 fires && quietly compose start board
}
claude_runs() { compose exec -T runner claude --version; }
# Every expected container exists and is healthy.
all_healthy() {
  local states
  states=$(compose ps --all --format '{{.Service}} {{.State}} {{.Health}}') || return 1
  [ "$(grep -c . <<<"$states")" = 8 ] && [ "$(grep -c '^runner ' <<<"$states")" = 3 ] &&
    ! grep -qv ' running healthy$' <<<"$states"
}
github_url() { ${compose:-compose} port github 4000; }
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
# The board shows nothing without a sign-in, for example to an agent; the link of `tac8 open` signs in.
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
    compose exec -T -u node runner sh -c '! find /data /run/secrets -name "*board*" | grep .'
}
a_pull() { pulls >/dev/null 2>&1; }
show_failure() {
  compose ps --all
  compose logs --no-color --tail 40
  far ps --all
  far logs --no-color --tail 20
}
take_down() {
  [ -z "${server_pid:-}" ] || kill "$server_pid" 2>/dev/null
  upgraded docker-compose.yml down --volumes --timeout 10
  far down --volumes --timeout 10
  rm -rf "$broken"
  docker image rm "$project-plain" "$project-newer-app:9.9.9" "$project-newer-runner:9.9.9" 2>/dev/null
  limit=300 monitored down --volumes --remove-orphans --rmi local --timeout 45
}
nothing_left() {
  local kind name
  for name in "$project" "$former" "$project-far"; do
    all=(--all)
    for kind in container volume network; do
      [ -z "$(docker "$kind" ls --quiet --filter "label=com.docker.compose.project=$name" "${all[@]}")" ] || return 1
      all=()
    done
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
  check "all eight containers are healthy, three runners among them" until_true 240 all_healthy
  check "the board's log has a link that signs in" shows_link
  check "the board lets a user in with a link of tac8 open, and not without it" board_lets_in
  check "no runner has the board's password" runners_lack_password
  check "Redis asks for its password" redis_asks_for_its_password
  check "a demo issue has its pull request" until_true 240 a_pull
  check "tac8 is on the PATH of the images" on_the_path
  check "the app image is at most 60 MB over its base, the runner without an agent's command 150 MB" sizes
  check "docker compose logs shows readable lines" logs_are_for_people
  check "each issue's agents are a separate user; the runner has no capability" agents_are_users
  check "doctor finds no problem in the demo: it tests what agents can reach, and finds nothing" doctor_says_isolated
  check "docker compose run --rm runner doctor reaches GitHub through the exit" doctor_reaches_github
  open_servers
  # Another user of a runner's container, like the users of agents. No issue has this user id, because the launcher would kill
  # the processes of an issue's id.
  for user in 20900:20900 20900; do
    check "user $user of a runner's container reaches only the exit" no_way_out $user
    check "user $user reaches no server of this machine" no_way_to_this_machine $user
    check "user $user reaches neither Redis nor its password" no_way_to_redis $user
    check "user $user gets no password from the exit or the runner" exit_asks_for_its_password $user
    check "with the password, the exit connects only to allowed hosts" exit_goes_where_it_is_allowed $user
  done
  check "neither docker inspect nor a runner's environment has the exit's password" password_is_hidden
  check "scheduler, board, exit and Redis have a read-only root, no capability and no way to gain privileges" hardened
  check "docker compose up replaces every container by a newer image while agents are at work" upgrade_while_at_work &&
    check "... each issue has one pull request, and no agent run is repeated after its work was done" each_is_done_once
  check "the configuration of Prometheus and the alert rules are valid, and their test passes" prometheus_is_configured &&
    check "Prometheus reads the metrics of the board with its token" prometheus_scrapes &&
    check "... and an alert fires when the board is down" alarm_fires
  check "a wrong token or configuration ends in unhealthy containers that wait, not in restarts" wrong_start_waits &&
    check "meanwhile doctor says what is wrong, by exec and by run" wrong_start_can_be_asked &&
    check "they start again automatically when it is fixed" fixed_start_continues
  check "runners with a Redis on another machine, with TLS and an ACL user: an issue has its pull request" runners_alone &&
    check "... no runner has the password of that Redis, and no agent reaches it" far_keeps_redis
  check "the Redis of an earlier version keeps its data and password" quietly redis_is_upgraded
  pulls
  [ $failed = 0 ] || show_failure
fi
check "the containers are removed" quietly take_down
check "nothing remains" nothing_left
trap - EXIT
exit $((failed > 0))
