#!/bin/sh
# Copy the credentials of Prometheus and Grafana to their own volume, so that they cannot read the rest of the board's folder.
set -eu
to=/run/monitoring
umask 022 # The volume is only for these two, which run as other users.
{
  if [ -n "${TAC8_METRICS_TOKEN:-}" ]; then printf %s "$TAC8_METRICS_TOKEN"
  else cat "${TAC8_METRICS_TOKEN_FILE:-/data/tac8-metrics-token}"; fi
} >"$to/new"
mv "$to/new" "$to/metrics-token"
if [ ! -s "$to/grafana-password" ]; then
  head -c 32 /dev/urandom | sha256sum | cut -c 1-32 >"$to/new"
  mv "$to/new" "$to/grafana-password"
fi
