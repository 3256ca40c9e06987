# shellcheck shell=bash
# shellcheck disable=SC2154  # root is the sourcing script's
# The agencies' own systems, which a deployment of deploy/dev runs beside their adapters: an HTTPS server, a PostgreSQL
# database, an SFTP server, folders with a file a day. Sourced by deploy/dev, never run. All state is under DIR/systems.
#
# What an agency's folder holds says what it needs: system.mjs HTTPS, register.sql PostgreSQL, a file by SFTP or in a
# folder what its settings say. The three land and immigration registers are SQLite files and need nothing.

# Agencies of one's own may take their place.
readonly AGENCY_FOLDERS=${CHAYAN_AGENCY_FOLDERS:-$root/adapters/agencies}
readonly SYSTEM_SECONDS_MAX=60
# Below the ports that the kernel gives out by itself.
readonly PORT_MIN=20000
readonly PORT_COUNT=12000
# DIR is root's alone when root runs it: the database then lies where the account can go that may run a server.
readonly ROOTS_POSTGRES=/var/tmp/chayan-postgres

all_agencies() {
  local file
  for file in "$AGENCY_FOLDERS"/*/adapter.textproto; do basename "$(dirname "$file")"; done
}

# needs AGENCY: http, postgres, sftp, folder or nothing.
needs() {
  local folder=$AGENCY_FOLDERS/$1
  if [[ -e $folder/system.mjs ]]; then printf http; fi
  if [[ -e $folder/register.sql ]]; then printf postgres; fi
  if grep -q '^  sftp {' "$folder/adapter.textproto"; then printf sftp; fi
  if grep -q '^files { folder: ' "$folder/adapter.textproto"; then printf folder; fi
}

# missing_for NEED: what this machine lacks; nothing when it has all.
missing_for() {
  case $1 in
    http)
      if ! command -v node >/dev/null; then printf 'no Node.js'; fi
      ;;
    postgres)
      if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
        printf 'no PostgreSQL server'
      elif ! grep -qs 'PostgreSQL Unicode' /etc/odbcinst.ini; then
        printf 'no ODBC driver of PostgreSQL'
      fi
      ;;
    sftp)
      if [[ ! -x /usr/sbin/sshd ]]; then printf 'no sshd'; fi
      ;;
  esac
}

any_needs() {
  local agency
  for agency in "${AGENCIES[@]}"; do
    if [[ $(needs "$agency") == "$1" ]]; then return 0; fi
  done
  return 1
}

free_port() {
  local port
  while true; do
    port=$((PORT_MIN + RANDOM % PORT_COUNT))
    # Nobody answers there.
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%d' "$port"
      return
    fi
  done
}

# await WHAT NAME COMMAND…: until it succeeds; fails with the log of NAME.
await() {
  local what=$1 name=$2 deadline=$((SECONDS + SYSTEM_SECONDS_MAX))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! pid_of "$name" >/dev/null; then fail "$what ended at once" "$DIR/log/$name.log"; fi
    if ((SECONDS >= deadline)); then fail "$what does not answer after $SYSTEM_SECONDS_MAX s" "$DIR/log/$name.log"; fi
    sleep 0.1
  done
}

# secret FILE: a random one, once.
secret() {
  if [[ ! -s $1 ]]; then (umask 077 && openssl rand -hex 16 | write "$1"); fi
}

start_http_systems() {
  local folder=$DIR/systems/http agency served=()
  for agency in "${AGENCIES[@]}"; do
    if [[ $(needs "$agency") == http ]]; then served+=("$agency"); fi
  done
  mkdir -p "$folder"
  if [[ ! -s $folder/server.pem ]]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=agencies \
      -addext 'subjectAltName=DNS:localhost' -keyout "$folder/server.key" -out "$folder/server.pem" 2>/dev/null
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$folder/household-affairs.key" 2>/dev/null
    openssl pkey -in "$folder/household-affairs.key" -pubout -out "$folder/household-affairs.pub"
  fi
  secret "$folder/nhi.secret"
  secret "$folder/commerce.secret"
  if pid_of systems-http >/dev/null; then return; fi
  rm -f "$folder/ready"
  start systems-http "$folder" node "$AGENCY_FOLDERS/systems/server.mjs" "$folder" "$DIR/pki" "${served[@]}"
  await 'the HTTPS server of the agencies' systems-http test -e "$folder/ready"
}

# postgres_program NAME: sets COMMAND to it, run as whoever may run a PostgreSQL server, which root may not.
postgres_program() {
  COMMAND=("$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)/$1")
  if ((UID == 0)); then COMMAND=(setpriv --reuid=postgres --regid=postgres --init-groups "${COMMAND[@]}"); fi
}

# postgres_sql DATABASE: runs stdin as the owner.
postgres_sql() {
  PGPASSWORD=$(cat "$DIR/systems/postgres/owner.password") psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 \
    --host 127.0.0.1 --port "$(cat "$DIR/systems/postgres/port")" --username postgres "$1"
}

make_postgres() {
  local folder=$DIR/systems/postgres home=$DIR/systems/postgres/home
  secret "$folder/owner.password"
  secret "$folder/reader.password"
  secret "$folder/notices.password"
  if ((UID == 0)); then home=$(mktemp -d "$ROOTS_POSTGRES-XXXXXX"); fi
  mkdir -p "$home"
  cp "$folder/owner.password" "$home/password"
  if ((UID == 0)); then chown -R postgres: "$home"; fi
  postgres_program initdb
  (cd / && "${COMMAND[@]}" --pgdata "$home/data" --username postgres --auth scram-sha-256 --pwfile "$home/password" \
    --encoding UTF8 --locale C.UTF-8 --no-sync) >"$DIR/log/initdb.log" 2>&1 ||
    fail 'the database of the agencies could not be made' "$DIR/log/initdb.log"
  rm "$home/password"
  printf '%s\n' "$home" | write "$folder/home"
}

# load_registers: each agency has a database of its own; one account may read, another may add to inboxes of notices.
load_registers() {
  local agency database account
  for account in reader notices; do
    printf "CREATE ROLE chayan_%s LOGIN PASSWORD '%s';\n" "$account" "$(cat "$DIR/systems/postgres/$account.password")" |
      postgres_sql postgres
  done
  for agency in "${AGENCIES[@]}"; do
    if [[ $(needs "$agency") != postgres ]]; then continue; fi
    database=${agency//-/_}
    printf 'CREATE DATABASE %s;\n' "$database" | postgres_sql postgres
    if grep -q '^  database {' "$AGENCY_FOLDERS/$agency/adapter.textproto"; then
      postgres_sql "$database" <"$root/adapters/sql/inbox.sql"
    fi
    { cat "$AGENCY_FOLDERS/$agency/register.sql" && printf 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO chayan_reader;\n'; } |
      postgres_sql "$database"
  done
}

start_postgres() {
  local folder=$DIR/systems/postgres
  mkdir -p "$folder"
  if [[ ! -s $folder/home ]]; then make_postgres; fi
  if ! pid_of systems-postgres >/dev/null; then
    if [[ ! -s $folder/port ]]; then free_port | write "$folder/port"; fi
    # What is in it is made again from the repository: it need not survive a crash of the machine.
    postgres_program postgres
    start systems-postgres / "${COMMAND[@]}" -D "$(cat "$folder/home")/data" -c listen_addresses=127.0.0.1 \
      -c port="$(cat "$folder/port")" -c unix_socket_directories= -c fsync=off
    await 'the PostgreSQL server of the agencies' systems-postgres postgres_sql postgres </dev/null
  fi
  if [[ ! -e $folder/loaded ]]; then
    load_registers
    : >"$folder/loaded"
  fi
}

start_sftp() {
  local folder=$DIR/systems/sftp name
  mkdir -p "$folder/outbox"
  for name in host account; do
    if [[ ! -s $folder/$name ]]; then ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$folder/$name"; fi
  done
  if pid_of systems-sftp >/dev/null; then return; fi
  if [[ ! -s $folder/port ]]; then free_port | write "$folder/port"; fi
  printf '[127.0.0.1]:%s %s\n' "$(cat "$folder/port")" "$(cat "$folder/host.pub")" | write "$folder/known_hosts"
  write "$folder/sshd_config" <<CONFIG
Port $(cat "$folder/port")
ListenAddress 127.0.0.1
HostKey $folder/host
AuthorizedKeysFile $folder/account.pub
PidFile $folder/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
Subsystem sftp internal-sftp
CONFIG
  # As root, sshd wants it; it holds nothing.
  if ((UID == 0)); then mkdir -p /run/sshd; fi
  rm -f "$folder/sshd.pid"
  start systems-sftp "$folder" /usr/sbin/sshd -D -e -f "$folder/sshd_config"
  await 'the SFTP server of the agencies' systems-sftp test -s "$folder/sshd.pid"
}

# deliver AGENCY FOLDER: today's files, each in one step, as the agency's settings name them.
deliver() {
  local agency=$1 folder=$2 settings=$AGENCY_FOLDERS/$1/adapter.textproto name source target day encoding=UTF-8 count
  mkdir -p "$folder"
  # Taipei's day, whatever this machine's is.
  day=$(date -u -d '+8 hours' +%Y%m%d)
  if grep -q 'encoding: FILE_ENCODING_BIG5' "$settings"; then encoding=CP950; fi
  while IFS= read -r name; do
    source=$AGENCY_FOLDERS/$agency/${name%%-\{*}.${name##*.}
    target=${name/\{date\}/$day}
    target=$folder/${target/\{roc_date\}/$(printf '%03d%s' $((${day:0:4} - 1911)) "${day:4}")}
    count=$(grep -c '' "$source")
    {
      cat "$source"
      if [[ $source == *.csv ]]; then
        printf 'COUNT,%d\n' $((count - 1))
      else
        printf '{"COUNT": %d}\n' "$count"
      fi
    } | iconv -f UTF-8 -t "$encoding" | write "$target"
  done < <(sed -nE 's/^ *name: "([a-z-]+-\{(roc_)?date\}\.(csv|jsonl))"$/\1/p' "$settings")
}

start_systems() {
  local agency
  if any_needs http; then start_http_systems; fi
  if any_needs postgres; then start_postgres; fi
  if any_needs sftp; then start_sftp; fi
  for agency in "${AGENCIES[@]}"; do
    case $(needs "$agency") in
      sftp) deliver "$agency" "$DIR/systems/sftp/outbox/$agency" ;;
      folder) deliver "$agency" "$DIR/agencies/$agency/inbox" ;;
    esac
  done
}

stop_systems() {
  local name home
  # Not by TERM: it would wait for those who are connected.
  signal systems-postgres INT
  for name in systems-http systems-postgres systems-sftp; do
    if [[ -e $DIR/run/$name.pid ]]; then stop "$name" "$STOP_SECONDS_MAX"; fi
  done
  if [[ ! -s $DIR/systems/postgres/home ]]; then return; fi
  home=$(cat "$DIR/systems/postgres/home")
  if [[ $home == "$ROOTS_POSTGRES"-* ]]; then
    rm -rf "$home" "$DIR/systems/postgres/home" "$DIR/systems/postgres/loaded"
  fi
}

# settings_of AGENCY: its settings, with this machine's addresses in place of the agency's.
settings_of() {
  local outbox=$DIR/systems/sftp/outbox
  sed -E -e "s|https://([a-z-]+)\.agencies\.example|https://localhost:$(cat "$DIR/systems/http/port" 2>/dev/null)/\1|" \
    -e 's#(host|text): "[a-z-]+\.agencies\.example"#\1: "127.0.0.1"#' \
    -e "s|text: \"5432\"|text: \"$(cat "$DIR/systems/postgres/port" 2>/dev/null)\"|" \
    -e "s|^    port: 22\$|    port: $(cat "$DIR/systems/sftp/port" 2>/dev/null)|" \
    -e "s|user: \"chayan\"|user: \"$(id -un)\"|" \
    -e "s|path: \"/outbox/|path: \"${outbox//[&|\\]/\\&}/|" \
    "$AGENCY_FOLDERS/$1/adapter.textproto"
  printf 'gateways: "127.0.0.1:%s"\n' "$(port)"
}
