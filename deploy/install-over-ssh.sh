#!/usr/bin/env bash
# Install this checkout's tac8 on another machine, or upgrade it there: install-over-ssh.sh USER@HOST [options of install.sh]
# The script packs tac8, copies package and installer with ssh, and runs the installer there with sudo. Questions appear on this
# terminal.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
  "" | -*) echo "usage: install-over-ssh.sh USER@HOST [options of install.sh, such as --dry-run or --upgrade]" >&2; exit 2 ;;
esac
host=$1
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" >/dev/null
mv "$work"/tac8-*.tgz "$work/tac8.tgz"
cp deploy/install.sh "$work/"

# SSH_OPTIONS: other options of ssh, such as "-p 2222".
# shellcheck disable=SC2086
folder=$(tar -C "$work" -cf - tac8.tgz install.sh | ssh ${SSH_OPTIONS:-} "$host" \
  'folder=$(mktemp -d /tmp/tac8-install-XXXXXX) && tar -C "$folder" -xf - && echo "$folder"')
[[ $folder =~ ^/tmp/tac8-install-[A-Za-z0-9]+$ ]] || { echo "install-over-ssh.sh: could not copy the files to $host: see the error of ssh above" >&2; exit 1; }

command="sudo bash $folder/install.sh --from $folder/tac8.tgz"
for word in "$@"; do command+=" $(printf %q "$word")"; done
terminal=-T
[ ! -t 0 ] || terminal=-t
status=0
# shellcheck disable=SC2086
ssh $terminal ${SSH_OPTIONS:-} "$host" "$command; status=\$?; rm -rf $folder; exit \$status" || status=$?
exit $status
