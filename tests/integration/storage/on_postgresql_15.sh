#!/usr/bin/env bash
# Runs the storage suite on a private cluster of Debian's PostgreSQL 15, gone again afterwards.
set -euo pipefail
cd "$(dirname "$0")/../../.."
programs=/usr/lib/postgresql/15/bin

compgen -G 'tests/integration/storage/test_*.py' >/dev/null || { echo "No storage tests yet."; exit 0; }
[ -x $programs/initdb ] || { echo "PostgreSQL 15 is not installed (Debian: apt-get install postgresql)"; exit 1; }

as_owner=()
[ "$(id -u)" -ne 0 ] || as_owner=(runuser -u postgres --) # PostgreSQL refuses to run as root

folder=$(mktemp -d /tmp/doorward-pg.XXXXXX)
[ "$(id -u)" -ne 0 ] || chown postgres "$folder"
stop() {
  (cd "$folder" && "${as_owner[@]}" $programs/pg_ctl -D "$folder/data" -m fast -w stop >/dev/null 2>&1) || true
  rm -rf "$folder"
}
trap stop EXIT

port=$(.venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
( # from a folder its owner may enter, which the checkout need not be
  cd "$folder"
  "${as_owner[@]}" $programs/initdb -D "$folder/data" -U postgres --auth=trust --encoding=UTF8 --no-sync >/dev/null
  "${as_owner[@]}" $programs/pg_ctl -D "$folder/data" -l "$folder/log" -w start \
    -o "-p $port -k $folder -c listen_addresses=127.0.0.1 -c fsync=off" >/dev/null || { cat "$folder/log"; exit 1; }
)

DOORWARD_TEST_POSTGRES="postgresql://postgres@127.0.0.1:$port/postgres" .venv/bin/pytest tests/integration/storage
