#!/bin/bash
# A deployment on the server that PGHOST … PGPASSWORD name, hurt under load. tests/store_postgres/run makes the server.
set -euo pipefail
# shellcheck disable=SC2034  # load.sh reads it
test_name=store_postgres
# shellcheck source=tests/crash/load.sh
source "$(dirname "${BASH_SOURCE[0]}")/../crash/load.sh"

readonly DATABASE=chayan_deployment

sql() {
  psql --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 --dbname "$1" -c "$2"
}

# Passwords stand in files, one for us and one for the gateway.
make_database() {
  local password
  (umask 077 && printf '*:*:*:%s:%s\n' "$PGUSER" "$PGPASSWORD" >"$work/pgpass-superuser")
  export PGPASSFILE=$work/pgpass-superuser
  unset PGPASSWORD
  password=$(openssl rand -hex 16)
  createdb --encoding UTF8 --template template0 --locale C "$DATABASE"
  "$root/deploy/postgres/migrate" "$DATABASE"
  sql "$DATABASE" "CREATE ROLE gateway LOGIN NOINHERIT PASSWORD '$password'"
  sql "$DATABASE" 'GRANT chayan_gateway, chayan_auditor TO gateway'
  (umask 077 && printf '*:*:*:gateway:%s\n' "$password" >"$work/pgpass")
  export CHAYAN_STORE_POSTGRES="host=$PGHOST port=$PGPORT dbname=$DATABASE user=gateway passfile=$work/pgpass"
}

gateway_ended() {
  [[ ! -e /proc/$CHAYAN_GATEWAY_PID ]]
}

# goes_on BYTES: whether clients have as many answers. A kill in the middle of a COMMIT leaves its outcome unknown, and the
# gateway ends, to be started again; after any other it goes on by itself.
goes_on() {
  if gateway_ended; then
    printf 'the gateway ended on an unknown outcome and is started again\n'
    until_true 'the database answers' answers_sql
    up
  fi
  recorded "$1"
}

await_going_on() {
  until_true "answers after $1" goes_on $(($(stat -c %s "$work/unary.record") + RECORD_BYTES_BETWEEN))
}

postmaster() {
  head -n 1 "$data/postmaster.pid"
}

answers_sql() {
  sql postgres 'SELECT 1' >/dev/null 2>&1
}

start_server() {
  # The sessions of the one that was killed may still be leaving.
  until_true 'the database starts' pg_ctlcluster "$PGVERSION" regress start 2>"$work/pg_ctlcluster.err"
  until_true 'the database answers' answers_sql
}

kills() {
  local i session
  load unary
  load stream --stream
  until_true 'the first answers' test -s "$work/unary.record"
  for i in 1 2; do
    await_load "before the gateway is killed ($i)"
    kill -9 "$CHAYAN_GATEWAY_PID"
    up
  done
  await_load 'before a session is terminated'
  sql "$DATABASE" "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'gateway'" >/dev/null
  await_going_on 'its sessions were terminated'
  session=$(sql "$DATABASE" "SELECT pid FROM pg_stat_activity WHERE usename = 'gateway' ORDER BY xact_start LIMIT 1")
  kill -9 "$session"
  await_going_on 'a session was killed'
  kill -9 "$(postmaster)"
  start_server
  await_going_on 'the database was killed'
  end_loads
  for i in unary stream; do
    [[ $(json "$work/$i.json" 'it.wrong + it.unanswered') == 0 ]] || fail "the $i load saw wrong answers, or none"
    printf '%s: %s\n' "$i" "$(json "$work/$i.json" 'JSON.stringify([it.outcomes, it.errors_by_code])')"
  done
}

# No commit is under way, so the gateway knows where it stands and waits.
database_gone() {
  kill -9 "$(postmaster)"
  expect_closed database-gone
  if gateway_ended; then fail 'the gateway ended though nothing was under way'; fi
  start_server
  until_true 'answers with the database back' answers_again database-back
  echo 'the database gone: no answer, UNAVAILABLE with LOG_UNAVAILABLE; answers again with the database back'
}

secrets() {
  local password
  password=$(cut -d: -f5 "$work/pgpass")
  if grep -rqsF "$password" "$dev/log" "$dev/gateway"; then fail 'the password stands where it must not'; fi
  if tr '\0' ' ' <"/proc/$CHAYAN_GATEWAY_PID/cmdline" | grep -qF "$password"; then fail 'the password is an argument'; fi
}

make_database
data=$(sql postgres 'SHOW data_directory')
up
lift_rate
kills
database_gone
secrets
check
