#!/usr/bin/env bash
# Makes the secrets of compose.yaml: the keys of Pullcord, and passwords that nobody needs to know. What is there already is kept.
#
#     deploy/compose/secrets.sh [FOLDER]
#
# Only the owner of this folder gets at the files. They can be read by all within, for each container is given its own few, and runs as
# another user than you.
set -euo pipefail

folder=${1:-$(dirname "$0")/secrets}
mkdir -p -m 700 "$folder"
chmod 700 "$folder"
umask 022

key() { head -c 32 /dev/urandom | base64; }
password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

# A file with what is piped in, unless it is there. It appears when it is whole.
keep() {
    if [[ ! -e $folder/$1 ]]; then
        cat >"$folder/$1.new"
        chmod 644 "$folder/$1.new"
        mv "$folder/$1.new" "$folder/$1"
        echo "made: $folder/$1"
    fi
}

keep keys.json <<<"{\"current\": \"k1\", \"vault\": {\"k1\": \"$(key)\"}, \"token\": \"$(key)\"}"
keep postgres-password <<<"$(password)"
keep pg_service.conf <<END
[pullcord]
host=postgres
user=pullcord
dbname=pullcord
password=$(cat "$folder/postgres-password")
END
keep grafana-password <<<"$(password)"
keep smtp-password </dev/null
keep regulator-key </dev/null
keep alerts.env <<'END'
# Who is told when nobody else can be, as Apprise addresses. Set it: https://github.com/caronc/apprise/wiki
PULLCORD_FALLBACK_ROUTES=[]
END
keep watchdog.env <<'END'
# Whom the watchdog tells, by ways of its own. Set the first two, and a heartbeat of a service elsewhere.
PULLCORD_WATCHDOG_MAIL_SERVER=
PULLCORD_WATCHDOG_MAIL_TO=[]
PULLCORD_WATCHDOG_WEBHOOK=
PULLCORD_WATCHDOG_HEARTBEAT=
END

cat <<END

Copy $folder/keys.json to a safe place, apart from the database. Without it nothing can be read; whoever has both can
read everything.

Write into these, which are empty so far:
  $folder/alerts.env       whom to tell when nobody else can be
  $folder/watchdog.env     whom the watchdog tells; until then it does not start
  $folder/smtp-password    what Alertmanager signs in to your mail server with
  $folder/regulator-key    a key of \`pullcord keys create --role regulator\`, once the service runs: without it
                           Prometheus is not given the regulator's figures
END
