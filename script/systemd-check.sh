#!/usr/bin/env bash
# Installs tac8 by deploy/install.sh on a machine with systemd and tests the promises of docs/reliability/service.md: issues become
# pull requests through a restart and a power loss, watchdog, exit codes, upgrade and rollback; after the removal nothing is left.
# Prints one line for each check: "ok systemd: …", "not ok systemd: …" or "SKIPPED systemd: …"; exit 1 if a check is not ok.
#
# TAC8_SYSTEMD_MACHINE names a program that makes such a machine (Debian 12, reached as root, on this machine's network):
#   up NAME · sh NAME COMMAND · reboot NAME · kill NAME (power loss) · clean NAME; `up` prints its root folder, and mounts the
#   folder $PROJECT at /src.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

tool=${TAC8_SYSTEMD_MACHINE:-}
if [ -z "$tool" ]; then
  echo "SKIPPED systemd: TAC8_SYSTEMD_MACHINE does not name a program that makes a machine with systemd"
  exit 0
fi

name=tac8-check-$$
work=$(mktemp -d)
failed=0
github=""
# Without this, Node would send requests to this machine through its HTTP proxy.
export PROJECT=$work NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
clean_up() {
  [ -z "$github" ] || kill "$github" 2>/dev/null
  machine clean "$name" >/dev/null 2>&1
  machine clean "$name-2" >/dev/null 2>&1
  rm -rf "$work"
}
# A machine may be a container, which stays in the control group in which it was started. Each machine gets its own group, because
# two systemds in one group would manage each other's services.
machine() { # machine VERB NAME
  (
    for tree in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
      [ ! -w "$tree/cgroup.procs" ] || { mkdir -p "$tree/$2" && echo "$BASHPID" >"$tree/$2/cgroup.procs"; }
    done
    "$tool" "$@"
  ) </dev/null
  local code=$?
  [ "$1" != clean ] || find /sys/fs/cgroup/{systemd,unified,.}/"$2" -depth -type d -exec rmdir {} + 2>/dev/null
  return "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

check() { # check NAME COMMAND...: runs it, counts it, shows what it printed when it fails
  local what=$1 begin=$SECONDS printed
  shift
  if printed=$("$@" 2>&1 </dev/null); then echo "ok systemd: $what ($((SECONDS - begin)) s)"; else
    failed=$((failed + 1))
    tail -n 40 <<<"$printed"
    echo "not ok systemd: $what ($((SECONDS - begin)) s)"
    return 1
  fi
}
until_true() { # until_true SECONDS COMMAND...: asks twice a second
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      "$@"
      return 1
    fi
    sleep 0.5
  done
}
inside() { timeout --kill-after=10 "${limit:-180}" "$tool" sh "$name" "$@" </dev/null; }
install_sh() { inside "bash /src/install.sh $*"; }
unit() { inside "systemctl show -P $2 tac8-$1"; } # unit runner MainPID

# --- the packages and GitHub

# The package itself, a later version of it, and a version whose scheduler does not start.
pack() {
  npm pack --silent --pack-destination "$work" >/dev/null && mv "$work"/tac8-*.tgz "$work/first.tgz" || return 1
  cp deploy/install.sh "$work/"
  mkdir "$work/unpacked" && tar -xzf "$work/first.tgz" -C "$work/unpacked" || return 1
  local manifest=$work/unpacked/package/package.json
  sed -i 's/^\( *"version": *"\)[^"]*/\190.1.0/' "$manifest" && tar -czf "$work/later.tgz" -C "$work/unpacked" package || return 1
  sed -i 's/^\( *"version": *"\)[^"]*/\190.2.0/' "$manifest" && echo 'process.exit(1);' >"$work/unpacked/package/dist/scheduler.js" &&
    tar -czf "$work/broken.tgz" -C "$work/unpacked" package
  rm -rf "$work/unpacked"
}
start_github() { # Outside of the machine, so it keeps running while the machine restarts.
  local node=node
  [ -x node_modules/.bin/node ] && node=node_modules/.bin/node
  SANDBOX_PORT=0 SANDBOX_DIR=$work/github exec "$node" dist/github.js >"$work/github.log" 2>&1
}
github_url() { sed -n 's/.* on \(http:[^ ]*\)$/\1/p' "$work/github.log"; }
github_answers() { [ -n "$(github_url)" ] || { cat "$work/github.log"; return 1; }; }
api() { # api METHOD PATH [BODY]
  curl -fsS -X "$1" -H "authorization: Bearer demo-token" -H "content-type: application/json" \
    "$url/repos/tac8-demo/greeter/$2" ${3:+--data "$3"}
}
field() { python3 -c "import json, sys; value = json.load(sys.stdin); print($1)"; }
# issue TITLE SECONDS: prints the number of a new issue with the label; its agent works for SECONDS.
issue() {
  local script body
  script='[{"write":"'$1'.md","text":"one\n"},{"commit":"First part of '$1'"},{"wait":'$(($2 * 1000))'},'
  script+='{"write":"'$1'-end.md","text":"two\n"},{"commit":"Second part of '$1'"},{"result":"Done."}]'
  body=$(python3 -c 'import json, sys; print(json.dumps({"title": sys.argv[1], "labels": ["rpi-auto"],
    "body": "```tac8-script\n" + sys.argv[2] + "\n```"}))' "$1" "$script")
  api POST issues "$body" | field 'value["number"]'
}
# Print the number of pull requests on GitHub from the branch of an issue.
pulls_of() { api GET "pulls?state=all&per_page=100" | field "len([pull for pull in value if pull['head']['ref'] == 'auto/gh-$1'])"; }
has_pull() { [ "$(pulls_of "$1")" = 1 ]; }
at_work() { inside "tac8 status" | grep -qE "^#$1 +work "; }
# There is one pull request with both parts of the work, each committed once, and one status comment.
whole() {
  has_pull "$1" || { echo "pull requests of #$1: $(pulls_of "$1")"; return 1; }
  local messages comments
  messages=$(git -C "$work/github/repositories/tac8-demo/greeter.git" log --format=%s "auto/gh-$1")
  [ "$(grep -c '^First part' <<<"$messages")$(grep -c '^Second part' <<<"$messages")" = 11 ] || { echo "$messages"; return 1; }
  comments=$(api GET "issues/$1/comments" | field 'len(value)')
  [ "$comments" = 1 ] || { echo "$comments comments on #$1"; return 1; }
}

# --- the machine

# Install packages that a real machine has. With its own kernel, a machine lets a sandbox write to /proc/sys of its namespace. Here,
# that must be allowed before any service starts, because a service keeps the mounts that exist at its start.
prepare() {
  local root
  root=$(machine up "$name") && [ -d "$root" ] || return 1
  cat >"$root/etc/systemd/system/writable-proc-sys.service" <<'END'
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=mount -o remount,rw,bind /proc/sys
[Install]
WantedBy=sysinit.target
END
  # A simulated power loss keeps the machine's files, so dpkg need not flush them to the disk.
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/fast"
  inside 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm perl libatomic1
    systemctl enable --now writable-proc-sys'
}
configure() {
  cat >"$work/config.toml" <<END
[github]
repo_owner = "tac8-demo"
repo_name = "greeter"
api_url = "$url"
write_interval_ms = 0
[coordinator]
max_concurrent_workers = 4
poll_interval_seconds = 5
shutdown_grace_seconds = 5
backoff_factor = 0.05
[llm]
command = ["/opt/tac8/current/node_modules/tac8/dist/scripted-claude.js"]
[agent]
isolation = "auto"
[host]
max_load_per_core = 0
[board]
port = 0
END
  inside 'mkdir -p /etc/tac8 && cp /src/config.toml /etc/tac8/' || return 1
  printf 'demo-token\n' >"$work/token"
  printf 'sk-ant-key-of-the-check-0123456789\n' >"$work/key"
}
# Print files with owner, mode and size, and all users. Folders that the system and tac8 write to while they run are left out.
snapshot() {
  inside 'cd /; find bin boot etc home opt root sbin srv usr var -xdev \( -path var/log -o -path var/tmp -o -path var/lib/systemd \
    -o -path var/cache -o -path var/lib/tac8 -o -path etc/.pwd.lock -o -path "etc/*-" -o -path var/lib/apt \) -prune -o -printf "%p %y %m %u:%g %s\n" |
    grep -vE "^(var/lib|etc|var|usr/local/bin|etc/systemd/system|etc/systemd/system/multi-user.target.wants) d|^root/\.npm" | sort; cat /etc/passwd /etc/group'
}
same_as() { snapshot >"$work/now" && diff "$work/$1" "$work/now"; }
healthy() { [ "$(inside 'for name in scheduler runner board; do systemctl show -P StatusText tac8-$name; done' | sort -u)" = working ]; }

# --- checks

with_secrets="--no-claude --github-token /src/token --anthropic-key /src/key"
dry_run_changes_nothing() {
  snapshot >"$work/before" && install_sh --from /src/first.tgz --dry-run | tee "$work/dry" && grep -q '^would add the system user tac8' "$work/dry" && same_as before
}
refuses_placeholders() {
  ! install_sh --from /src/first.tgz --repo octo/hello-world >"$work/out" 2>&1 && grep 'expected OWNER/NAME of one of your repositories' "$work/out"
}
# The packages of this installation stay.
without_repository() {
  ! install_sh --from /src/first.tgz --no-claude >"$work/out" 2>&1 && cat "$work/out" && grep '^tac8 was not started, because this is missing: a repository .*; GITHUB_TOKEN' "$work/out" &&
    inside '! systemctl is-active -q tac8.target && ! systemctl is-active -q redis-server && ! systemctl is-enabled -q redis-server' &&
    install_sh --uninstall --purge && snapshot >"$work/before" && ! grep tac8 "$work/before"
}
installs() {
  configure && install_sh --from /src/first.tgz "$with_secrets" | tee "$work/out" && grep -q '^No problems found' "$work/out" && grep -q '^Next: add the label' "$work/out"
}
second_time() {
  snapshot >"$work/installed" && install_sh --from /src/first.tgz "$with_secrets" | tee "$work/out" && grep -q '^Nothing to change' "$work/out" && same_as installed
}
redis_is_closed() {
  inside '[ -S /run/tac8-redis/redis.sock ] && ! setpriv --reuid nobody --clear-groups redis-cli -s /run/tac8-redis/redis.sock ping &&
    [ "$(redis-cli -s /run/tac8-redis/redis.sock config get port | tail -n 1)" = 0 ]' | tee "$work/out" && ! grep PONG "$work/out"
}
secrets_are_hidden() {
  inside 'for unit in scheduler runner board; do systemctl show tac8-$unit; tr "\0" "\n" </proc/$(systemctl show -P MainPID tac8-$unit)/environ
    tr "\0" " " </proc/$(systemctl show -P MainPID tac8-$unit)/cmdline; done; journalctl -o cat' >"$work/out" || return 1
  ! grep -E 'demo-token|sk-ant-key' "$work/out"
}
not_root() { [ "$(inside 'ps -o user= -p $(pgrep -d, -x "redis-server|tac8 .*")' | sort -u)" = tac8 ]; }
through() { # through reboot|kill: an issue that is at work meanwhile
  local number
  number=$(issue "$1" 12) && until_true 60 at_work "$number" && machine "$1" "$name" && until_true 90 healthy && until_true 90 has_pull "$number" && whole "$number"
}
# Send messages as an agent in mode none could: from a process of the same user in the runner's control group.
messages_of_others() {
  local before
  before=$(unit runner MainPID)
  inside 'for procs in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
      echo $$ >$procs$(systemctl show -P ControlGroup tac8-runner)/cgroup.procs; done 2>/dev/null
    NOTIFY_SOCKET=/run/systemd/notify setpriv --reuid tac8 --regid tac8 --clear-groups systemd-notify "MAINPID=$$" "STATUS=taken over"; sleep 1' || return 1
  [ "$(unit runner MainPID)" = "$before" ] && [ "$(unit runner StatusText)" = working ]
}
watchdog() {
  inside 'mkdir -p /run/systemd/system/tac8-runner.service.d; printf "[Service]\nWatchdogSec=6s\nRestartSec=1s\n" >/run/systemd/system/tac8-runner.service.d/check.conf
    systemctl daemon-reload; systemctl restart tac8-runner' && until_true 30 healthy || return 1
  inside 'kill -STOP $(systemctl show -P MainPID tac8-runner)' && until_true 30 restarted && until_true 30 healthy &&
    inside 'journalctl -u tac8-runner -o cat | grep "Watchdog timeout"'
}
restarted() { [ "$(unit runner NRestarts)" -ge 1 ]; }
config_problem() {
  inside 'mv /etc/tac8/config.toml /etc/tac8/good; printf "[coordinator]\nmax_concurrent_workers = 0\n" >/etc/tac8/config.toml; systemctl restart --no-block tac8-board'
  until_true 30 ended_78 || return 1
  inside 'mv /etc/tac8/good /etc/tac8/config.toml; tac8 doctor | grep -A 2 "the service tac8-board has exited with code 78"
    tac8 status | grep "the service tac8-board has exited with code 78"' || return 1
  inside 'journalctl -u tac8-board -p err -o cat | grep "max_concurrent_workers: found 0"; systemctl start tac8-board' && until_true 30 healthy
}
ended_78() { [ "$(unit board ActiveState) $(unit board ExecMainStatus) $(unit board NRestarts)" = "failed 78 0" ]; }
runs() { inside 'readlink /opt/tac8/current'; }
upgrades() {
  local number
  number=$(issue upgrade 8) && until_true 60 at_work "$number" && install_sh --upgrade --from /src/later.tgz && [ "$(runs)" = /opt/tac8/90.1.0 ] &&
    until_true 90 has_pull "$number" && whole "$number"
}
goes_back() {
  local number
  number=$(issue broken 8) && until_true 60 at_work "$number" || return 1
  ! install_sh --upgrade --from /src/broken.tgz && [ "$(runs)" = /opt/tac8/90.1.0 ] && until_true 90 has_pull "$number" && whole "$number"
}
rolls_back() { install_sh --rollback && [ "$(runs)" = "$first" ] && healthy; }
another_package() {
  install_sh --from /src/later.tgz --no-claude | tee "$work/out" && grep -q '^tac8 90.1.0 is running' "$work/out" && [ "$(runs)" = /opt/tac8/90.1.0 ] &&
    [ "$(inside 'readlink /opt/tac8/previous')" = "$first" ] && healthy
}
# Mode user: each agent has a user id of the range, and the only root process is the launcher, with four capabilities.
users_of_their_own() {
  install_sh --isolation user --no-claude | tee "$work/out" && grep -q '^No problems found' "$work/out" || return 1
  local number
  number=$(issue users 8) && until_true 60 at_work "$number" && until_true 30 agent_is_in_range && until_true 90 has_pull "$number" && whole "$number" || return 1
  [ "$(inside 'ps -o user= -p $(pgrep -d, -x "redis-server|tac8 .*")' | sort | uniq -c | grep -c root)" = 1 ] &&
    inside 'launcher=$(systemctl show -P MainPID tac8-launcher) && grep -q "^CapBnd:.*00000000000001e0$" /proc/$launcher/status &&
      for path in /run/dbus /run/systemd/resolve/io.systemd.Resolve; do
        [ ! -e $path ] || [ "$(nsenter --target $launcher --mount stat -c %a $path)" = 0 ] || exit 1
      done'
}
agent_is_in_range() { inside "ps -eo uid=,args= | awk '/scripted-claude/ && \$1 >= 70000 && \$1 <= 70999' | grep ."; }
second_time_with_users() { install_sh --no-claude | tee "$work/out" && grep -q '^Nothing to change' "$work/out"; }
back_to_the_sandbox() {
  local number
  number=$(issue back 12) && until_true 60 at_work "$number" && install_sh --isolation sandbox --no-claude | tee "$work/out" &&
    grep -q '^No problems found' "$work/out" && until_true 90 has_pull "$number" && whole "$number" &&
    inside '[ ! -e /etc/systemd/system/tac8-launcher.service ] && ! systemctl is-active -q tac8-launcher &&
      [ -z "$(find /var/lib/tac8 -uid +69999 -uid -71000)" ] && [ "$(stat -c %a /var/lib/tac8)" = 700 ]'
}
# Another machine, on the same network, with tac8 installed in the same way, but not started: it joins the first one.
another_machine() {
  local first_name=$name name=$name-2
  prepare && inside 'mkdir -p /etc/tac8 && sed /^isolation/d /src/config.toml >/etc/tac8/config.toml' && does_not_start &&
    inside 'grep -qx "isolation = \"auto\"" /etc/tac8/config.toml' && name=$first_name
}
does_not_start() {
  install_sh --from /src/first.tgz "$with_secrets" --isolation sandbox --no-start | tee "$work/out" && grep -q '^Next: to start tac8' "$work/out" && nothing_runs &&
    machine kill "$name" && until_true 60 has_booted && nothing_runs
}
nothing_runs() { inside '! systemctl is-active -q tac8.target tac8-redis tac8-scheduler tac8-runner tac8-board'; }
has_booted() { inside 'systemctl is-system-running | grep -E "^(running|degraded)$"'; }
on_other() { name=$name-2 "$@"; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
runners() { [ "$(inside 'tac8 status --json' | field "len(value['runners'])")" = "$1" ]; }
joins() {
  inside "tac8 share pi-2 --address 127.0.0.1 --port $(free_port)" >"$work/shared" || return 1
  grep -o 'tac8-1[^ ]*' "$work/shared" >"$work/join-token"
  on_other inside "$(grep -o 'tac8 join .*' "$work/shared") </src/join-token" && until_true 60 healthy && until_true 60 runners 2 || return 1
  on_other inside 'systemctl is-active tac8-runner && ! systemctl is-active tac8-scheduler tac8-board tac8-redis && tac8 doctor | tee /dev/stderr | grep "Sharing *a runner of the tac8 at 127.0.0.1"'
}
# The runner of the first machine is paused meanwhile.
works_there() {
  local number
  inside "tac8 pause --runner $name" && number=$(issue there 1) && until_true 90 has_pull "$number" && whole "$number" && inside "tac8 resume --runner $name"
}
shared_after_power_loss() {
  machine kill "$name" && until_true 90 healthy && until_true 90 runners 2 && machine kill "$name-2" &&
    until_true 90 on_other inside 'systemctl is-active tac8-runner' && until_true 90 runners 2
}
second_install_there() { on_other install_sh --from /src/first.tgz "$with_secrets" | tee "$work/out" && grep -q '^Nothing to change' "$work/out"; }
unshares() {
  inside 'tac8 unshare --all && [ ! -e /etc/systemd/system/tac8-redis.service.d ] && [ ! -e /var/lib/tac8/data/share ] &&
    [ "$(systemctl show -P PrivateNetwork tac8-redis)" = yes ]' && until_true 60 healthy &&
    on_other inside 'tac8 join --leave && ! systemctl is-active tac8-scheduler tac8-runner tac8-redis && ! systemctl is-enabled tac8.target &&
      systemctl enable --now tac8.target' && until_true 60 on_other healthy
}
# The commands of docs/runbook.md for an installed machine; --force, because it is the same machine.
restores_by_the_runbook() {
  awk '/^## Back up and restore/ { here = 1 } here && /^ *```sh$/ { code = 1; next } code && /```/ { exit } code { sub(/^ +/, ""); print }' docs/runbook.md |
    sed 's/tac8 restore/& --force/' >"$work/restore.sh"
  grep -q 'tac8 restore --force' "$work/restore.sh" || return 1
  local number
  number=$(issue restored 15) && until_true 60 at_work "$number" || return 1
  inside 'tac8 backup /var/lib/tac8/b.tar.gz && mv /var/lib/tac8/b.tar.gz move.tar.gz && sh -e /src/restore.sh && rm move.tar.gz' && until_true 60 healthy &&
    until_true 90 has_pull "$number"
}
uninstalls() { install_sh --uninstall --purge && same_as before && inside '[ ! -e /var/lib/tac8 ] && [ ! -e /run/tac8-redis ]'; }
show_failure() { inside "journalctl -u 'tac8*' -o short-iso --no-pager | tail -n 60"; }

check "npm pack" pack || exit 1
start_github &
github=$!
check "GitHub of the sandbox starts" until_true 30 github_answers && url=$(github_url) && check "the machine boots" prepare || exit 1
check "--dry-run prints every change and makes none" dry_run_changes_nothing
check "a repository that is a placeholder is refused" refuses_placeholders
check "without a repository, install.sh installs, starts nothing, and says what is missing" without_repository
if check "installs from the tarball, and tac8 doctor finds no problem" installs; then
  check "a second installation changes nothing" second_time
  check "Redis is open to the user tac8 only" redis_is_closed
  check "secrets are in no environment, command line and journal" secrets_are_hidden
  check "no service runs as root" not_root
  first=$(runs)
  check "an issue at work during a restart of the machine gets one pull request" through reboot
  check "an issue at work during a power loss gets one pull request" through kill
  check "a message of another process to systemd changes nothing" messages_of_others
  check "the watchdog kills a runner that hangs, and it starts again" watchdog
  check "a wrong configuration ends a service with exit code 78, without a restart" config_problem
  check "an upgrade loses no work" upgrades
  check "an upgrade that does not work is rolled back automatically" goes_back
  check "--rollback" rolls_back
  check "installing another package is an upgrade" another_package
  check "a backup made while agents work is restored by the commands of docs/runbook.md" restores_by_the_runbook
  if check "another machine is installed, and does not start with --no-start, also after a power loss" another_machine; then
    check "tac8 share and tac8 join make another machine a runner of the first one" joins
    check "the machine that has joined works on an issue" works_there
    check "it is still a runner after both machines have lost power" shared_after_power_loss
    check "a second installation there changes nothing" second_install_there
    check "tac8 unshare --all removes it and closes the network of Redis; after tac8 join --leave it is stopped, and works on its own when it is started" unshares
  fi
  if check "--isolation user: an issue becomes a pull request by an agent with an id of the range" users_of_their_own; then
    check "a second installation in this mode changes nothing" second_time_with_users
    check "--isolation sandbox: an issue at work meanwhile gets one pull request, and its files are tac8's again" back_to_the_sandbox
  fi
  [ $failed = 0 ] || show_failure
fi
check "--uninstall --purge leaves nothing" uninstalls
exit $((failed > 0))
