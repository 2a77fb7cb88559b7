#!/bin/sh
# The least that an issue's pull request takes, without tac8: fetch, worktree, agent, push, pull request, comment, and the
# worktree removed. Argument: the number. The login of git comes as GIT_CONFIG_… from the environment.
set -eu
number=$1
branch="auto/gh-$number"
tree="$BY_HAND_TREES/gh-$number"

post() {
  curl --silent --show-error --fail --output /dev/null \
    --header "Authorization: token $BY_HAND_TOKEN" --header "Content-Type: application/json" --data "$2" "$BY_HAND_API/$1"
}

# A fetch fails where another script adds or removes a worktree in the middle of it.
exec 9>"$BY_HAND_MIRROR.lock"
flock 9
git -C "$BY_HAND_MIRROR" fetch --quiet --no-write-fetch-head origin +refs/heads/main:refs/heads/main
git -C "$BY_HAND_MIRROR" worktree add --quiet --no-track -b "$branch" "$tree" main
flock --unlock 9
(cd "$tree" && exec sh "$BY_HAND_AGENT")
git -C "$tree" push --quiet origin "HEAD:refs/heads/$branch"
post pulls "{\"title\": \"feat: $number\", \"head\": \"$branch\", \"base\": \"main\", \"body\": \"Closes #$number\"}"
post "issues/$number/comments" '{"body": "Done."}'
flock 9
git -C "$BY_HAND_MIRROR" worktree remove --force "$tree"
