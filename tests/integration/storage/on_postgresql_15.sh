#!/usr/bin/env bash
# The storage suite on Debian's PostgreSQL 15, the oldest line supported: a private server, gone afterwards.
set -euo pipefail
cd "$(dirname "$0")/../../.."
bin=${POSTGRESQL_15:-/usr/lib/postgresql/15/bin}
[ -x "$bin/initdb" ] || { echo "PostgreSQL 15 is not installed in $bin"; exit 1; }

folder=$(mktemp -d)
as=()
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
  chown postgres "$folder"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
stop() { "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$folder"; }
trap stop EXIT
"${as[@]}" "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" -o "-c listen_addresses='' -c unix_socket_directories=$folder" start >/dev/null
DOORWARD_TEST_POSTGRES="postgresql://postgres@/postgres?host=$folder" .venv/bin/pytest -q -n auto -k "not sqlite" tests/integration/storage "$@"
