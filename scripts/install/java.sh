#!/usr/bin/env bash
# Puts Java and Maven in place for the tests that talk to a real Apache Kafka. Does nothing when they are there already.
# With --check it installs nothing, and says what is missing.
set -euo pipefail

if command -v java >/dev/null && command -v mvn >/dev/null; then
    echo "Java and Maven are in place"
    exit 0
fi

if [[ ${1:-} == --check ]]; then
    echo "Java or Maven is missing. Run \`make tools\` once: it installs what the tests need." >&2
    exit 1
fi

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    echo "Java 17 and Maven are missing. Install them, for example:" >&2
    echo "    sudo apt-get update && sudo apt-get install --yes openjdk-17-jre-headless maven" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --yes --quiet --no-install-recommends default-jre-headless maven
echo "Java and Maven are in place"
