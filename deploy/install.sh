#!/usr/bin/env bash
# Install tac8 as systemd services on Debian 12 and 13, Raspberry Pi OS (64 bit) and Ubuntu 24.04, or change an installation.
# The script can be repeated: it makes only the changes that are missing. See docs/service.md.
set -euo pipefail

usage() {
  cat <<'END'
install.sh [options]                   install tac8, or repair its installation
install.sh --upgrade [VERSION]         switch to another version (default: the newest); roll back if it does not work
install.sh --rollback                  switch back to the previous version
install.sh --uninstall [--purge]       remove tac8; with --purge also its configuration, secrets, data and user

  --dry-run                 print every change, but make none
  --from FILE               install the package from this file (tac8-VERSION.tgz), not from npm
  --version VERSION         version of the package from npm; default: the newest
  --repo OWNER/NAME         the repository to work on
  --api-url URL             API URL of a GitHub Enterprise Server: https://HOST/api/v3
  --github-token FILE       file that contains the GitHub token
  --anthropic-key FILE      file that contains an API key for Claude, or
  --claude-token FILE       file that contains the token that `claude setup-token` prints
  --isolation MODE          isolate agents with sandbox (bubblewrap) or user (a user for each issue, for machines where
                            bubblewrap does not work). Default: the mode in the configuration; otherwise sandbox if it works,
                            and user if it does not
  --no-claude               do not install Claude Code, for another agent
  --no-start                do not start the services, now and at boot
  --force                   switch even to a version that cuts off the machines that have joined this one

On a terminal, the script asks for a missing repository, token or key.
END
}

opt=/opt/tac8 etc=/etc/tac8 var=/var/lib/tac8 units=/etc/systemd/system command=/usr/local/bin/tac8
policy=/usr/sbin/policy-rc.d
# Ubuntu's restriction of namespaces, and the profile that exempts bubblewrap from it.
restriction=/proc/sys/kernel/apparmor_restrict_unprivileged_userns profile=/etc/apparmor.d/tac8-bwrap
services="tac8-scheduler tac8-runner tac8-board" redis=tac8-redis
# Services are removed by name, so a service of the operator, such as tac8-backup, is never removed.
own_services="tac8-redis tac8-launcher $services"
# A machine that has joined another one with `tac8 join` has only the runner.
[ ! -e $var/data/redis-url ] || services=tac8-runner redis=""
CLAUDE_CODE_VERSION=2.1.330
SYSTEMD=252
# Ids of agents in mode user: above the ids of user accounts, below their subordinate ids.
AGENT_IDS=70000-70999

main() {
  mode=install dry=0 purge=0 force=0 from="" version="" repo="" api_url="" claude=1 start=1 changes=0
  github_token="" anthropic_key="" claude_token="" isolation="" wanted="" config_before=""
  while [ $# -gt 0 ]; do
    case $1 in
      --upgrade) mode=upgrade; case ${2:-} in [0-9]*) version=$2; shift ;; esac ;;
      --rollback) mode=rollback ;;
      --uninstall) mode=uninstall ;;
      --purge) purge=1 ;;
      --dry-run) dry=1 ;;
      --no-claude) claude=0 ;;
      --no-start) start=0 ;;
      --force) force=1 ;;
      --from | --version | --isolation | --repo | --api-url | --github-token | --anthropic-key | --claude-token)
        [ -n "${2:-}" ] || fail "$1 needs a value"
        local name=${1#--}
        printf -v "${name//-/_}" %s "$2"
        shift ;;
      -h | --help) usage; return ;;
      *) usage >&2; fail "unknown option $1" ;;
    esac
    shift
  done
  check_machine
  "do_$mode"
}

# --- requirements of the machine, and how changes are made

# Writing to a closed terminal fails. That does not end the script.
fail() { printf 'install.sh: %s\n' "$*" >&2 || true; exit 1; }
say() { printf '%s\n' "$*" || true; }
have() { command -v "$1" >/dev/null 2>&1; }

check_machine() {
  [ "$(id -u)" = 0 ] || fail "run this as root: sudo bash $0"
  case $(uname -m) in x86_64 | aarch64) ;; *) fail "this machine is $(uname -m): tac8 needs a 64-bit system (x86_64, aarch64)" ;; esac
  # Raspberry Pi OS (32 bit) has a 64-bit kernel.
  case $(dpkg --print-architecture 2>/dev/null) in amd64 | arm64 | "") ;; *) fail "this system is for $(dpkg --print-architecture), although the kernel has 64 bits: tac8 needs a 64-bit system (amd64, arm64)" ;; esac
  have apt-get || fail "this script is for Debian, Raspberry Pi OS and Ubuntu: on other systems, run tac8 from a checkout (README.md), or use Docker"
  has_systemd || fail "systemd does not run on this machine: use tac8 up, or Docker"
  # Older versions do not support folders of credentials (LoadCredential=).
  systemd_is_new || fail "systemd on this machine is older than $SYSTEMD: tac8 needs Debian 12, Raspberry Pi OS 12, Ubuntu 24.04 or later, or Docker"
  [ -z "$repo" ] || is_repository "$repo" || fail "--repo $repo is not valid: expected OWNER/NAME of one of your repositories"
  [ -z "$isolation" ] || [ $mode = install ] || fail "--isolation cannot be combined with --$mode: run bash $0 --isolation $isolation afterwards"
  case $isolation in "" | sandbox | user) ;; *) fail "--isolation $isolation is not valid: expected sandbox or user" ;; esac
  [ -z "$from" ] || [ -f "$from" ] || fail "the file $from does not exist"
}

has_systemd() { [ -d /run/systemd/system ]; }
systemd_is_new() {
  local version
  version=$(systemctl --version | sed -n 's/^systemd \([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge $SYSTEMD ]
}

# change WORDS COMMAND...: make one change, which WORDS describe. With --dry-run, only print the words.
change() {
  local words=$1
  shift
  changes=$((changes + 1))
  if [ $dry = 1 ]; then say "would $words"; return; fi
  say "$words"
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ $status = 0 ] || { tail -n 20 "$log" >&2 || true; rm -f "$log"; fail "could not $words"; }
  rm -f "$log"
}

# put FILE MODE OWNER:GROUP: write standard input to FILE unless it already has this content, mode and owner. Exit code 0: changed.
put() {
  local file=$1 mode=$2 owner=$3 new
  new=$(mktemp)
  cat >"$new"
  if cmp -s "$new" "$file" && [ "$(stat -c '%a %U:%G' "$file")" = "${mode#0} $owner" ]; then rm -f "$new"; return 1; fi
  change "write $file" install -m "$mode" -o "${owner%:*}" -g "${owner#*:}" "$new" "$file"
  rm -f "$new"
}

# folder PATH MODE OWNER:GROUP
folder() {
  [ -d "$1" ] && [ "$(stat -c '%a %U:%G' "$1")" = "${2#0} $3" ] && return
  change "make the folder $1" install -d -m "$2" -o "${3%:*}" -g "${3#*:}" "$1"
}

# --- values

is_repository() {
  [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+$ ]] || return 1
  case ${1,,} in octo/hello-world | owner/name) return 1 ;; esac
}

# A value that was copied from instructions and never replaced.
is_placeholder() {
  local value=${1,,}
  case $value in
    "" | *...* | *…* | *'<'*'>'* | *your[-_]* | *changeme* | *change-me* | *example* | *placeholder* | *xxxx* | token | secret | todo | none) return 0 ;;
  esac
  [ ${#1} -lt 8 ]
}

# --- parts of an installation

packages() {
  local missing=""
  have git || missing+=" git"
  have bwrap || missing+=" bubblewrap"
  have redis-server || missing+=" redis-server"
  have flock || missing+=" util-linux"
  have perl || missing+=" perl-base"
  have npm || missing+=" nodejs npm"
  ls /usr/lib/*/libatomic.so.1 >/dev/null 2>&1 || missing+=" libatomic1"
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=" ca-certificates"
  [ -z "$missing" ] || change "install$missing with apt" apt_install $missing
}

# tac8 has its own Redis, so Debian's Redis on port 6379 is not started. An existing one is not changed.
apt_install() {
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  local made=0 status=0
  if [[ " $* " == *" redis-server "* ]] && [ ! -e $policy ]; then
    # Remove the file even if the script is killed meanwhile: while it exists, no newly installed service of the machine starts.
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && made=1
  fi
  apt_get "$@" || { apt-get -o DPkg::Lock::Timeout=300 update -q && apt_get "$@"; } || status=$?
  [ $made = 0 ] || rm -f $policy
  trap - EXIT
  [ $status = 0 ] || return $status
  [[ " $* " != *" redis-server "* ]] || systemctl disable redis-server
}
apt_get() { apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "$@"; }

user() {
  getent passwd tac8 >/dev/null ||
    change "add the system user tac8" useradd --system --user-group --home-dir $var --shell /usr/sbin/nologin tac8
}

folders() {
  folder $opt 0755 root:root
  folder $etc 0755 root:root
  folder $etc/secrets 0700 root:root
  local mode=0700
  ! mode_user || mode=0711 # Agents pass through it.
  folder $var $mode tac8:tac8
  folder $var/data $mode tac8:tac8
}

# --- isolation of agents

# Print the mode in the configuration, or nothing if there is none.
config_isolation() {
  sed -n "s/^$isolation_line[\"']\([a-z]*\)[\"'].*/\2/p" $etc/config.toml 2>/dev/null | head -n 1 || true
}
other_agent_table="^[[:blank:]]*(agent[[:blank:]]*=|\\[?[[:blank:]]*[\"']agent[\"'][[:blank:]]*[].=]|(agent[[:blank:]]*\\.[[:blank:]]*)?[\"']isolation[\"'][[:blank:]]*=)"
agent_table='[[:blank:]]*\[[[:blank:]]*agent[[:blank:]]*\]' agent_line='[[:blank:]]*agent[[:blank:]]*\.'
isolation_line='[[:blank:]]*\(agent[[:blank:]]*\.[[:blank:]]*\)\{0,1\}isolation[[:blank:]]*=[[:blank:]]*'
mode_user() { [ "${wanted:-$(config_isolation)}" = user ]; }

# Set `wanted`: sandbox, user, or none if the configuration has it.
isolate() {
  local said
  wanted=$isolation
  [ -n "$wanted" ] || wanted=$(config_isolation)
  case $wanted in
    user) ;;
    none) return ;;
    *)
      if ! said=$(try_sandbox) && ! { allow_bwrap && { [ $dry = 1 ] || said=$(try_sandbox); }; }; then
        [ $dry = 1 ] || forbid_bwrap
        [ "$wanted" != sandbox ] || fail "bubblewrap does not work on this machine (${said:-no message}): use --isolation user"
        say "bubblewrap does not work on this machine (${said:-no message}), so agents become separate users"
        wanted=user
        return
      fi
      wanted=sandbox ;;
  esac
}

# Check whether the sandbox of agents works for a user that is not root, as far as possible before tac8 is installed. Print why not.
try_sandbox() {
  local test=(unshare --user true)
  ! have bwrap || test=(bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all --unshare-user --disable-userns true)
  setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs -- "${test[@]}" 2>&1 >/dev/null
}

# Ubuntu 23.10 and later allow a program to create namespaces only if it has a profile.
allow_bwrap() {
  [ "$(cat $restriction 2>/dev/null)" = 1 ] && have apparmor_parser && [ -d "${profile%/*}" ] || return 1
  put $profile 0644 root:root <<'END' || true
# Written by the install.sh of tac8: bubblewrap may create user namespaces.
abi <abi/4.0>,
include <tunables/global>
profile tac8-bwrap /usr/bin/bwrap flags=(unconfined) {
  userns,
}
END
  change "load $profile" load_profile
}
# In a container of such a machine, the profile cannot be loaded. The next test of the sandbox detects that.
load_profile() { apparmor_parser -r $profile || true; }
forbid_bwrap() {
  [ -e $profile ] || return 0
  change "remove $profile" drop_profile
}
drop_profile() { apparmor_parser -R $profile || true; rm -f $profile; }

# Store the mode in the configuration. `auto` would change with the machine, and in mode user the folders of issues belong to users.
isolation_key() {
  local had
  had=$(config_isolation)
  [ -f $etc/config.toml ] || return 0
  if [ "$wanted" = user ] && [ "$had" != user ]; then
    config_before=$(<$etc/config.toml)
    change "set agent.isolation to \"user\" in $etc/config.toml" set_isolation user
  elif [ "$wanted" != user ]; then
    local had_users=0
    if [ "$had" = user ] || [ -e $units/tac8-launcher.service ]; then had_users=1; fi
    # The runner needs the launcher to save the work of its agents.
    [ $had_users = 0 ] || [ $dry = 1 ] || stop_services
    if [ "$had" = user ] || { [ "$isolation" = sandbox ] && [[ $had =~ ^(none)?$ ]]; }; then
      change "set agent.isolation to \"auto\" in $etc/config.toml" set_isolation auto
    fi
    [ $had_users = 0 ] || change "give the folders of issues back to the user tac8" take_back
  fi
}
set_isolation() {
  local file=$etc/config.toml
  # Another form of the table or key, which the lines below would define a second time.
  if grep -Eq "$other_agent_table" $file; then
    echo "set isolation = \"$1\" in the table [agent] of $file, then run install.sh again"
    return 1
  fi
  if grep -q "^$isolation_line" $file; then sed -i "s/^\($isolation_line\).*/\1\"$1\"/" $file
  elif grep -q "^$agent_table" $file; then sed -i "s/^$agent_table.*/&\nisolation = \"$1\"/" $file
  elif grep -q "^$agent_line" $file; then sed -i "0,/^$agent_line/s//agent.isolation = \"$1\"\n&/" $file
  else printf '\n[agent]\nisolation = "%s"\n' "$1" >>$file; fi
}
take_back() {
  local ids first last
  [ -d $var/data ] || return 0
  ids=$(agent_ids)
  first=${ids%-*} last=${ids#*-}
  find $var/data -xdev \( -uid +$((first - 1)) -uid -$((last + 1)) -o -gid +$((first - 1)) -gid -$((last + 1)) \) -exec chown -h tac8:tac8 {} +
}

# Print the ids of agents, FIRST-LAST. They have names, because programs look up the name of their user.
agent_ids() {
  local ids
  ids=$(sed -n 's/^TAC8_AGENT_IDS=//p' $etc/environment 2>/dev/null | tail -n 1)
  echo "${ids:-$AGENT_IDS}"
}
agent_users() {
  mode_user || return 0
  local ids first last others names
  ids=$(agent_ids)
  [[ $ids =~ ^[0-9]{5,9}-[0-9]{5,9}$ ]] || fail "TAC8_AGENT_IDS=$ids in $etc/environment is not valid: expected FIRST-LAST, such as $AGENT_IDS"
  first=${ids%-*} last=${ids#*-}
  others=$(awk -F: -v first="$first" -v last="$last" '$3 >= first && $3 <= last && $1 != "agent" $3 { print $1 }' <(getent passwd; getent group) | paste -sd ' ')
  [ -z "$others" ] || fail "these users or groups have ids of $ids, which are for agents: $others. Set other ids with TAC8_AGENT_IDS=FIRST-LAST in $etc/environment"
  names=$(grep -c "^agent[0-9]*:\*:" /etc/passwd || true)
  if [ "$names" = $((last - first + 1)) ] && getent passwd "agent$first" >/dev/null && getent passwd "agent$last" >/dev/null; then return; fi
  change "add the users agent$first to agent$last" add_agents "$first" "$last"
}
# Agents have no password, and cannot get one.
add_agents() {
  seq "$1" "$2" | sed 's/.*/agent&:*:&:/' | replace_agents /etc/group &&
    seq "$1" "$2" | sed 's/.*/agent&:*:&:&:an agent of tac8:\/nonexistent:\/usr\/sbin\/nologin/' | replace_agents /etc/passwd
}
remove_agents() { replace_agents /etc/passwd </dev/null && replace_agents /etc/group </dev/null; }
# replace_agents FILE: replace the lines of agents with those of standard input. In one step, and only after the new file is
# completely on the disk: without /etc/passwd, the machine is unusable.
replace_agents() {
  cp -p "$1" "$1.tac8" && grep -v '^agent[0-9]*:\*:' "$1" >"$1.tac8" && cat >>"$1.tac8" && sync "$1.tac8" && mv -T "$1.tac8" "$1" ||
    { rm -f "$1.tac8"; return 1; }
}
has_agents() { grep -q '^agent[0-9]*:\*:' /etc/passwd /etc/group; }
launcher() { ! mode_user || echo tac8-launcher; }

# Set `release`, the folder of the requested version, and install the version there. `fetched`: the folder is new.
release="" fetched=0
fetch() {
  local source="" sum="" name
  if [ -n "$from" ]; then
    source=$(realpath "$from")
    name=$(tar -xzOf "$source" package/package.json 2>/dev/null | sed -n 's/^ *"version": *"\([0-9][0-9A-Za-z.+-]*\)".*/\1/p' | head -n 1 || true)
    [ -n "$name" ] || fail "$from is not a package of tac8"
    sum=$(sha256sum "$source" | cut -d ' ' -f 1)
    # Another build of the same version.
    if [ -d "$opt/$name" ] && [ "$(cat "$opt/$name/.sha256" 2>/dev/null)" != "$sum" ]; then name=$name-${sum:0:8}; fi
  elif [ -z "$version" ] && [ $mode = install ] && [ -e $opt/current ]; then
    release=$(realpath $opt/current)
    return
  else
    have npm || { [ $dry = 1 ] && name=VERSION; }
    [ -n "${name:-}" ] || name=$(npm view "tac8@${version:-latest}" version 2>/dev/null | tail -n 1 || true)
    [ -n "$name" ] || fail "npm has no tac8 ${version:-}: npm view tac8 versions lists the versions"
    source=tac8@$name
  fi
  release=$opt/$name
  [ ! -d "$release" ] || return 0
  fetched=1
  change "install tac8 $name in $release" unpack "$source" "$sum"
}

unpack() {
  local half=$opt/.half
  rm -rf "$half"
  mkdir -p "$half"
  npm install --prefix "$half" --cache "$half/.cache" --no-audit --no-fund --ignore-scripts --omit=dev "$1"
  rm -rf "$half/.cache"
  printf '%s\n' "$2" >"$half/.sha256"
  chmod -R u=rwX,go=rX "$half"
  mv -T "$half" "$release"
}

agent() {
  [ $claude = 1 ] || return 0
  # Another agent is configured, or Claude Code is installed.
  ! grep -qE '^(command|provider|command_template) *=' $etc/config.toml 2>/dev/null || return 0
  if [ -x $opt/claude/node_modules/.bin/claude ]; then
    # A repeated installation keeps the installed version.
    [ $mode = upgrade ] && [ "$(claude_version)" != $CLAUDE_CODE_VERSION ] || return 0
  elif [ $mode = upgrade ] || have claude; then return 0; fi
  change "install Claude Code $CLAUDE_CODE_VERSION in $opt/claude" unpack_claude
}
claude_version() {
  sed -n 's/^ *"version": *"\(.*\)".*/\1/p' $opt/claude/node_modules/@anthropic-ai/claude-code/package.json 2>/dev/null | head -n 1 || true
}

unpack_claude() {
  local half=$opt/.half
  rm -rf "$half"
  mkdir -p "$half"
  npm install --prefix "$half" --cache "$half/.cache" --no-audit --no-fund --ignore-scripts \
    "@anthropic-ai/claude-code@$CLAUDE_CODE_VERSION"
  node "$half/node_modules/@anthropic-ai/claude-code/install.cjs"
  rm -rf "$half/.cache"
  chmod -R u=rwX,go=rX "$half"
  # Running agents keep the version that they were started with. It is removed with old versions of tac8.
  rm -rf $opt/.claude.before
  [ ! -e $opt/claude ] || mv -T $opt/claude $opt/.claude.before
  mv -T "$half" $opt/claude
}

# Install the units and the command of a version. Set `changed_units`.
changed_units=""
unit_files() {
  local source=$release/node_modules/tac8/deploy/systemd file name
  changed_units=""
  if [ ! -d "$source" ]; then
    [ $dry = 1 ] || fail "$release has no units, so it is too old for this script"
    say "would write $units/tac8.target, its services, and $command"
    return
  fi
  local wanted_files=" "
  while read -r file name; do
    wanted_files+="$name "
    [ -d "$units/${name%/*}" ] || [ "$name" = "${name%/*}" ] || folder "$units/${name%/*}" 0755 root:root
    if put "$units/$name" 0644 root:root <"$file"; then changed_units+=" $name"; fi
  done < <(unit_sources "$source")
  local own=()
  for name in $own_services; do own+=("$units/$name.service"); done
  for file in "${own[@]}" "$units"/tac8-*.service.d/agent-users*.conf; do
    if [ -e "$file" ] && [[ $wanted_files != *" ${file#"$units"/} "* ]]; then
      change "remove $file" rm_unit "$file"
      changed_units+=" ${file##*/}"
    fi
  done
  put $command 0755 root:root <"$source/tac8" || true
  [ -z "$changed_units" ] || [ $dry = 1 ] || systemctl daemon-reload
}

unit_sources() { # Print lines with a file of SOURCE, and its name below $units.
  local source=$1 file
  for file in "$source"/*.service "$source"/*.target; do echo "$file ${file##*/}"; done
  mode_user || return 0
  echo "$source/agent-users/tac8-launcher.service tac8-launcher.service"
  echo "$source/agent-users/state.conf tac8-.service.d/agent-users-state.conf"
  echo "$source/agent-users/runner.conf tac8-runner.service.d/agent-users.conf"
}
rm_unit() {
  case $1 in
    # Without the launcher, tac8 cannot read the agents' files, even if the configuration was changed by hand.
    */tac8-launcher.service) systemctl stop tac8-launcher || true; take_back || return ;;
  esac
  rm -f "$1"
  case $1 in *.d/*) rmdir --ignore-fail-on-non-empty "${1%/*}" ;; esac
}

current() { # Print the folder of the running version, or nothing.
  [ ! -L $opt/current ] || realpath $opt/current
}

point() { # point LINK FOLDER: change the link in one step.
  ln -sfn "$2" "$1.new" && mv -T "$1.new" "$1"
}

# --- configuration

config() {
  if [ -f $etc/config.toml ]; then
    local owner name
    owner=$(sed -n 's/^repo_owner *= *"\(.*\)".*/\1/p' $etc/config.toml | head -n 1)
    name=$(sed -n 's/^repo_name *= *"\(.*\)".*/\1/p' $etc/config.toml | head -n 1)
    [ -z "$owner" ] || is_repository "$owner/$name" ||
      fail "$etc/config.toml has the repository $owner/$name, which is a placeholder: set your own repository"
    return
  fi
  [ -n "$repo" ] || repo=$(ask "Repository to work on (OWNER/NAME): ")
  [ -n "$repo" ] || { missing+="; a repository (--repo OWNER/NAME)"; return; }
  is_repository "$repo" || fail "$repo is not valid: expected OWNER/NAME of one of your repositories"
  put $etc/config.toml 0644 root:root <<<"$(first_config)" || true
}

first_config() {
  echo "# All keys: https://github.com/OWNER/tac8/blob/main/docs/configuration.md. After a change: systemctl restart tac8.target"
  echo "[github]"
  echo "repo_owner = \"${repo%/*}\""
  echo "repo_name = \"${repo#*/}\""
  [ -z "$api_url" ] || echo "api_url = \"$api_url\""
  printf '\n[agent]\nisolation = "%s"\n' "$(mode_user && echo user || echo auto)"
}

# Store the shell's proxy settings for the services.
environment() {
  local name lines=""
  [ ! -e $etc/environment ] || return 0
  for name in HTTPS_PROXY HTTP_PROXY NO_PROXY ALL_PROXY https_proxy http_proxy no_proxy all_proxy NODE_EXTRA_CA_CERTS SSL_CERT_FILE; do
    [ -z "${!name:-}" ] || lines+="$name=${!name}"$'\n'
  done
  [ -z "$lines" ] || put $etc/environment 0640 root:tac8 <<<"${lines%$'\n'}" || true
}

secrets() {
  secret GITHUB_TOKEN "$github_token" "GitHub token (not shown): " GITHUB_APP_PRIVATE_KEY
  if [ -n "$claude_token" ]; then secret CLAUDE_CODE_OAUTH_TOKEN "$claude_token" ""
  elif [ $claude = 1 ] || [ -n "$anthropic_key" ]; then
    secret ANTHROPIC_API_KEY "$anthropic_key" "API key for Claude (not shown; empty: sign in later): " CLAUDE_CODE_OAUTH_TOKEN optional
  fi
}

# secret NAME FILE QUESTION [OTHER] [optional]: store the secret from FILE, or ask for it, unless it or OTHER exists.
secret() {
  local name=$1 file=$2 question=$3 other=${4:-} need=${5:-} value="" target=$etc/secrets/$1
  if [ -n "$file" ]; then
    [ -r "$file" ] || fail "cannot read $file"
    value=$(tr -d '\r\n' <"$file")
  elif [ ! -s "$target" ] && { [ -z "$other" ] || [ ! -s "$etc/secrets/$other" ]; }; then
    value=$(ask "$question" hidden)
    if [ -z "$value" ]; then
      [ -n "$need" ] || missing+="; $name (the file $target)"
      return 0
    fi
  else
    [ ! -s "$target" ] || ! is_placeholder "$(<"$target")" || fail "$target contains a placeholder: replace it with the secret"
    [ ! -s "$target" ] || [ "$(stat -c '%a %U' "$target")" = "600 root" ] ||
      change "make $target readable only for root" chown_secret "$target"
    return 0
  fi
  ! is_placeholder "$value" || fail "the value for $name is a placeholder, not a secret"
  put "$target" 0600 root:root <<<"$value" || true
}
chown_secret() { chown root:root "$1" && chmod 600 "$1"; }

ask() { # ask QUESTION [hidden]: print the answer, or nothing without a terminal.
  local answer=""
  [ $dry = 0 ] && [ -t 0 ] && [ -t 2 ] || return 0
  if [ "${2:-}" = hidden ]; then read -rsp "$1" answer && echo >&2; else read -rp "$1" answer; fi
  printf %s "$answer"
}

# --- services

all_active() {
  local name
  for name in $redis $(launcher) $services; do systemctl is-active -q "$name" || return 1; done
}
start_services() { systemctl start $redis $(launcher) $services; }
stop_services() { # First the services that depend on the others.
  local name
  for name in tac8-board tac8-scheduler tac8-runner tac8-launcher; do
    [ ! -e "$units/$name.service" ] || systemctl stop "$name"
  done
}

# healthy SECONDS: wait until every service works, or for SECONDS if they are ready and wait for GitHub. A failed service is not healthy.
healthy() {
  local end=$((SECONDS + $1)) name state bad
  while :; do
    bad=""
    for name in $redis $(launcher) $services; do
      state=$(systemctl show -P ActiveState "$name")
      [ "$state" != failed ] && [ "$(systemctl show -P SubState "$name")" != auto-restart ] || return 1
      [ "$state" = active ] || bad+=" $name"
      says_nothing $name || [ "$(systemctl show -P StatusText "$name")" = working ] || bad+=" $name"
    done
    [ -n "$bad" ] || return 0
    [ $SECONDS -lt $end ] || break
    sleep 1
  done
  all_active || return 1
  case $(systemctl show -P StatusText ${services%% *}) in *GitHub*) return 0 ;; *) return 1 ;; esac
}

says_nothing() { [ "$1" = tac8-redis ] || [ "$1" = tac8-launcher ]; }

problems() { # Print the status of each service that does not work.
  local name
  for name in $redis $(launcher) $services; do
    [ "$(systemctl show -P StatusText "$name")" = working ] || { says_nothing $name && systemctl is-active -q $name; } ||
      say "  $name: $(systemctl show -P ActiveState "$name"): $(systemctl show -P StatusText "$name")" >&2
  done
}

# --- modes

do_install() {
  missing=""
  packages
  user
  isolate
  folders
  agent_users
  fetch
  local was before=$changes
  config
  isolation_key
  secrets
  environment
  agent
  was=$(current)
  # Another version is running: switch in the right order, and roll back if the new version does not work.
  if [ -n "$was" ] && [ "$was" != "$release" ] && [ $start = 1 ] && [ -z "$missing" ]; then
    switch "$was" "$release"
    before=$changes # switch has started the services.
    was=$(current)
    [ $dry = 0 ] || was=$release
  fi
  unit_files
  [ "$was" = "$release" ] || change "make $release the current version" point $opt/current "$release"
  if [ -n "$missing" ]; then
    say "tac8 was not started, because this is missing: ${missing#; }. Provide it, then repeat this command."
    [ $dry = 1 ] || exit 1
  fi
  # With --no-start, also a reboot must not start tac8: before a restore, Redis is empty, so finished issues would run again.
  if [ $start = 1 ] && [ -z "$missing" ]; then
    [ "$(systemctl is-enabled tac8.target 2>/dev/null)" = enabled ] || change "start tac8 at each boot" systemctl enable tac8.target
    if ! systemctl is-active -q tac8.target; then change "start tac8" systemctl start tac8.target
    elif [ $changes -gt $before ] || ! all_active; then change "restart tac8" systemctl restart tac8.target; fi
  fi
  # Agents that are separate users need no namespaces.
  ! mode_user || forbid_bwrap
  if [ $dry = 1 ]; then say "$changes changes"; return; fi
  [ $changes -gt 0 ] || say "Nothing to change."
  if [ $start = 0 ]; then
    systemctl is-active -q tac8.target ||
      say "Next: to start tac8, after a restore if there is a backup: sudo systemctl enable --now tac8.target"
    return
  fi
  local code=0
  healthy 60 || { code=1; say "tac8 is installed, but does not work yet:" >&2; problems; }
  say ""
  tac8_doctor || code=1
  say ""
  if [ $code = 0 ]; then say "Next: add the label rpi-auto to an issue, and watch the work: sudo tac8 monitor"
  else say "Next: fix the problems above, then repeat this command"; fi
  exit $code
}
tac8_doctor() { $command doctor --fix; }

do_upgrade() {
  local was
  was=$(current)
  [ -n "$was" ] || fail "tac8 is not installed on this machine"
  packages
  fetch
  agent
  if [ "$was" = "$release" ]; then
    [ $changes -gt 0 ] || say "Nothing to change: ${release##*/} is the current version."
    return
  fi
  switch "$was" "$release"
}

do_rollback() {
  local was
  was=$(current)
  [ -n "$was" ] || fail "tac8 is not installed on this machine"
  [ -L $opt/previous ] && [ -d $opt/previous ] || fail "there is no earlier version to switch to: $opt/previous is missing"
  release=$(realpath $opt/previous)
  switch "$was" "$release"
}

restore_config() { printf '%s\n' "$config_before" >$etc/config.toml; }

# cuts_off FOLDER: check whether this machine shares its Redis with others, but the version in FOLDER does not support that.
cuts_off() { [ -e $var/data/share/share.json ] && ! grep -qs /share/ "$1/node_modules/tac8/deploy/systemd/tac8-redis.service"; }
cut_off_line() { echo "${1##*/} does not support tac8 share: the machines that have joined this one are cut off until a newer version runs on this machine"; }

# Check whether tac8 is disabled. Another version does not start it then, but a new installation does.
is_disabled() {
  [ "${mode:-}" != install ] && [ "$(systemctl is-enabled tac8.target 2>/dev/null)" = disabled ] &&
    ! systemctl is-active -q tac8.target $services
}

agent_units=node_modules/tac8/deploy/systemd/agent-users
# switch OLD NEW: switch in the right order, and roll back if NEW does not work.
switch() {
  local old=$1 new=$2
  if [ $dry = 1 ]; then say "would stop ${old##*/}, start ${new##*/}, and roll back if it does not work"; return; fi
  if [ ! -d "$new/node_modules/tac8/deploy/systemd" ]; then
    [ $fetched = 0 ] || rm -rf "$new"
    fail "${new##*/} has no units, so it is too old for this script: ${old##*/} continues"
  fi
  if mode_user && [ ! -d "$new/$agent_units" ]; then
    [ $fetched = 0 ] || rm -rf "$new"
    fail "${new##*/} does not support agents as separate users (agent.isolation is \"user\"): ${old##*/} continues"
  fi
  # The version would start a scheduler and a Redis of its own, beside those that this machine has joined.
  if [ -z "$redis" ] && ! grep -q redis-url "$new/node_modules/tac8/deploy/systemd/start"; then
    [ $fetched = 0 ] || rm -rf "$new"
    fail "${new##*/} does not support tac8 join, and this machine has joined another one: run sudo tac8 join --leave first; ${old##*/} continues"
  fi
  if cuts_off "$new"; then
    if [ "${force:-0}" = 0 ]; then
      [ $fetched = 0 ] || rm -rf "$new"
      fail "$(cut_off_line "$new"). To switch anyway, use --force; ${old##*/} continues"
    fi
    say "$(cut_off_line "$new")" >&2
  fi
  # A lost connection or Ctrl-C does not end the switch half-way.
  trap '' HUP INT TERM PIPE
  # After `tac8 join --leave`, a scheduler on this machine may process the same issues as that of the machine that it has left.
  if is_disabled; then
    run_version "$old" "$new"
    point $opt/previous "$old"
    remove_others "$old" "$new"
    say "tac8 ${new##*/} is installed, and stopped as before. To start it: sudo systemctl enable --now tac8.target"
    trap - HUP INT TERM PIPE
    return
  fi
  run_version "$old" "$new"
  if healthy 90; then
    point $opt/previous "$old"
    remove_others "$old" "$new"
    say "tac8 ${new##*/} is running. To switch back to ${old##*/}: bash install.sh --rollback"
    trap - HUP INT TERM PIPE
    return
  fi
  problems
  say "${new##*/} does not work: rolling back to ${old##*/}" >&2
  ! cuts_off "$old" || say "$(cut_off_line "$old")" >&2
  if mode_user && [ -n "$config_before" ] && [ ! -d "$old/$agent_units" ]; then
    change "restore agent.isolation, because ${old##*/} does not support agents as separate users" restore_config
    wanted=$(config_isolation)
    wanted=${wanted:-none} # Then the units have no launcher.
  fi
  run_version "$new" "$old"
  healthy 90 || { problems; fail "${old##*/} does not work either: check journalctl -u 'tac8-*'"; }
  [ $fetched = 0 ] || rm -rf "$new"
  fail "${old##*/} is running again; nothing was lost"
}

run_version() { # run_version OLD NEW
  release=$2
  change "stop ${1##*/}" stop_services
  change "make ${2##*/} the current version" point $opt/current "$2"
  unit_files
  ! is_disabled || return 0
  case " $changed_units " in *" tac8-redis.service "*) change "restart Redis" systemctl restart tac8-redis ;; esac
  systemctl reset-failed 'tac8-*' 2>/dev/null || true
  # healthy detects later what does not start.
  change "start ${2##*/}" try_start
}
try_start() { start_services || true; }

remove_others() { # Remove all versions except these two.
  local path
  for path in $opt/.claude.before $opt/*/; do
    path=${path%/}
    [ -e "$path" ] && [ ! -L "$path" ] && [ "$path" != $opt/claude ] && [ "$path" != "$1" ] && [ "$path" != "$2" ] || continue
    change "remove ${path}" rm -rf "$path"
  done
}

do_uninstall() {
  if [ -e $units/tac8.target ]; then change "stop tac8, now and at each boot" stop_all; fi
  local file name own=$units/tac8.target
  for name in $own_services; do own+=" $units/$name.service"; done
  for file in $own $units/tac8-*.service.d/agent-users*.conf $command; do
    [ ! -e "$file" ] || change "remove $file" rm_unit "$file"
  done
  forbid_bwrap
  [ $dry = 1 ] || { systemctl daemon-reload; systemctl reset-failed 'tac8*' 2>/dev/null || true; }
  [ ! -e $opt ] || change "remove $opt" rm -rf $opt
  if [ $purge = 1 ]; then
    for file in $etc $var ${own// /.d }.d; do [ ! -e "$file" ] || change "remove $file" rm -rf "$file"; done
    [ $dry = 1 ] || systemctl daemon-reload
    ! has_agents || change "remove the users of agents" remove_agents
    ! getent passwd tac8 >/dev/null || change "remove the user tac8" userdel tac8
  elif [ -e $etc ] || [ -e $var ]; then
    say "Kept: $etc and $var, with the user tac8. To remove them too: bash install.sh --uninstall --purge"
  fi
  say "Kept: packages of the system, such as bubblewrap and redis-server."
}
stop_all() { systemctl disable --now tac8.target; stop_services; [ ! -e $units/tac8-redis.service ] || systemctl stop tac8-redis; }

if [ "${BASH_SOURCE[0]:-$0}" = "$0" ]; then main "$@"; fi
