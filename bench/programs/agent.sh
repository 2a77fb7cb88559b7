#!/bin/sh
# The fastest agent that makes a commit. It runs in the worktree, whose folder is named after the issue; the file
# that it makes in $TAC8_BENCH_WITNESS shows when it started. Its git is not counted among those of tac8.
set -eu
name=${PWD##*/}
git=${TAC8_BENCH_GIT:-git}
: >"$TAC8_BENCH_WITNESS/$name"
echo "$name" >"$name.txt"
"$git" add "$name.txt"
"$git" -c user.name=agent -c user.email=agent@localhost -c gc.auto=0 commit --quiet --message "feat: $name"
