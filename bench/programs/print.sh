#!/bin/sh
# An agent that makes a commit and prints many lines of Claude's stream format, as fast as its reader takes them.
set -eu
sh "${0%/*}/agent.sh"
yes "$(cat "$TAC8_BENCH_BLOCK")" | head -n "$TAC8_BENCH_LINES"
cat "$TAC8_BENCH_RESULT"
