#!/usr/bin/env bash
# Puts Debian's Prometheus (with promtool) and Alertmanager (with amtool) in place for the tests of rules and dashboards.
# Does nothing when they are there already, and starts neither: the tests start their own.
# With --check it installs nothing, and says what is missing.
set -euo pipefail

if command -v prometheus >/dev/null && command -v promtool >/dev/null && command -v amtool >/dev/null; then
    echo "Prometheus and Alertmanager are in place"
    exit 0
fi

if [[ ${1:-} == --check ]]; then
    echo "Prometheus or Alertmanager is missing. Run \`make tools\` once: it installs what the tests need." >&2
    exit 1
fi

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    echo "Prometheus or Alertmanager is missing. Install them, for example:" >&2
    echo "    sudo apt-get update && sudo apt-get install --yes --no-install-recommends prometheus prometheus-alertmanager" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# The packages would start both as services of this machine; a policy that says no is how Debian is told not to.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt-get update --quiet
apt-get install --yes --quiet --no-install-recommends prometheus prometheus-alertmanager
echo "Prometheus and Alertmanager are in place"
