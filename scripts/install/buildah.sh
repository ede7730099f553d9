#!/usr/bin/env bash
# Puts Debian's buildah and mmdebstrap in place, which build the image without a container engine. Does nothing when they are there already.
# With --check it installs nothing, and says what is missing.
set -euo pipefail

if command -v buildah >/dev/null && command -v mmdebstrap >/dev/null; then
    echo "buildah and mmdebstrap are in place"
    exit 0
fi

if [[ ${1:-} == --check ]]; then
    echo "buildah or mmdebstrap is missing. Run \`make tools\` once: it installs what the tests need." >&2
    exit 1
fi

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    echo "buildah or mmdebstrap is missing. Install them, for example:" >&2
    echo "    sudo apt-get update && sudo apt-get install --yes --no-install-recommends buildah mmdebstrap" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --yes --quiet --no-install-recommends buildah mmdebstrap
echo "buildah and mmdebstrap are in place"
