#!/usr/bin/env bash
# Puts Debian's Chromium in place for the tests marked `browser`. Does nothing when it is there already.
# With --check it installs nothing, and says what is missing.
set -euo pipefail

browser=/usr/bin/chromium

if [[ -x $browser ]]; then
    echo "Chromium is in place: $browser"
    exit 0
fi

if [[ ${1:-} == --check ]]; then
    echo "Chromium is missing. Run \`make tools\` once: it installs what the tests need." >&2
    exit 1
fi

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    echo "Chromium is missing. Install the packages chromium and fonts-liberation, for example:" >&2
    echo "    sudo apt-get update && sudo apt-get install --yes chromium fonts-liberation" >&2
    echo "The tests look for it at $browser." >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --yes --quiet --no-install-recommends chromium fonts-liberation
echo "Chromium is in place: $browser"
