# shellcheck shell=bash
# A deployment under load, to be hurt, and the check of all that its clients were told. Sourced, never run. Whoever
# sources it sets `test_name`, for its complaints, and runs what a test needs in its own order; the deployment and all loads
# end with it.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
dev=$work/dev
loads=()

# Answers between two kills, so that each kill meets a loaded gateway.
readonly RECORD_BYTES_BETWEEN=3000000
readonly WAIT_SECONDS_MAX=30

fail() {
  printf '%s: %s\n' "${test_name:?}" "$1" >&2
  local log
  for log in "$dev/log/gateway.log" "$work"/*.err; do
    if [[ -s $log ]]; then printf '%s:\n' "$log" && tail -n 15 "$log" | cut -c1-400; fi
  done >&2
  exit 1
}

stop() {
  local pid
  for pid in "${loads[@]}"; do kill "$pid" 2>/dev/null || true; done
  "$root/deploy/dev" down "$dev" >/dev/null || true
  rm -rf "$work"
}

trap stop EXIT

settings() {
  set -a
  # shellcheck source=/dev/null
  . "$dev/dev.env"
  set +a
}

up() {
  "$root/deploy/dev" up "$dev" >"$work/up.out" || fail 'the deployment does not start'
  settings
}

# until_true WHAT COMMAND…: repeats it until it succeeds.
until_true() {
  local what=$1 deadline=$((SECONDS + WAIT_SECONDS_MAX))
  shift
  until "$@"; do
    if ((SECONDS >= deadline)); then fail "$what: not within $WAIT_SECONDS_MAX s"; fi
    sleep 0.05
  done
}

recorded() {
  (($(stat -c %s "$work/unary.record") >= $1))
}

# await_load WHAT: until clients have got as many answers more.
await_load() {
  until_true "load $1" recorded $(($(stat -c %s "$work/unary.record") + RECORD_BYTES_BETWEEN))
}

# The sample registry bounds a member's rate far below what this load asks.
lift_rate() {
  cp -r "$dev/registry" "$work/registry"
  sed -i 's/^  id: "hro-shanhua"$/&\n  requests_per_second: 100000/' "$work/registry/members.textproto"
  "$CHAYAN_BIN/chayan" registry apply --yes "$work/registry" >"$work/apply.out" || fail 'the registry was not applied'
}

# load NAME ARGUMENT…: in the background; it ends by SIGTERM, or by its own bound of ten minutes.
load() {
  local name=$1
  shift
  "$CHAYAN_BIN/chayan-load" --in-flight 32 --connections 4 --seconds 600 --warm-up 0 --expect any --pause-ms 50 \
    --record "$work/$name.record" "$@" >"$work/$name.json" 2>"$work/$name.err" &
  loads+=($!)
}

# end_loads: they drain, and print what they saw. Errors are expected here, so exit code 2 is well.
end_loads() {
  local pid status
  for pid in "${loads[@]}"; do kill -TERM "$pid"; done
  for pid in "${loads[@]}"; do
    status=0
    wait "$pid" || status=$?
    if ((status != 0 && status != 2)); then fail "a load ended with $status"; fi
  done
  loads=()
}

# json FILE EXPRESSION: of the object `it` that the file holds.
json() {
  node -e 'const it = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log('"$2"')' "$1"
}

# ask NAME: some questions; prints "ANSWERS ERRORS-BY-CODE".
ask() {
  "$CHAYAN_BIN/chayan-load" --in-flight 8 --connections 2 --seconds 1 --warm-up 0 --expect any --pause-ms 20 \
    --record "$work/$1.record" >"$work/$1.json" 2>"$work/$1.err" || true
  json "$work/$1.json" 'it.answers_whole + " " + JSON.stringify(it.errors_by_code)'
}

expect_closed() {
  local seen
  seen=$(ask "$1")
  if [[ ! $seen =~ ^0\ \{\"UNAVAILABLE/LOG_UNAVAILABLE\":[0-9]+\}$ ]]; then fail "$1: clients saw $seen"; fi
}

answers_again() {
  [[ $(ask "$1") =~ ^[1-9][0-9]*\ \{\}$ ]]
}

check() {
  up
  "$CHAYAN_BIN/chayan" audit export "$work/export" >"$work/export.out" || fail 'the log cannot be exported'
  "$root/tests/interop/checklog/run" "$work/export" "$CHAYAN_LOG_VKEY" || fail "Go's checker refuses the exported log"
  "$CHAYAN_BIN/chayan" audit verify "$work/export" >"$work/verify.out" || fail 'the exported log does not verify'
  [[ -d $root/tests/interop/node_modules/protobufjs ]] ||
    npm ci --no-fund --no-audit --prefix "$root/tests/interop" >"$work/npm.out" 2>&1
  node "$root/tests/crash/check.mjs" "$work/export" "$CHAYAN_TRUST" "$work"/*.record || fail 'what clients were told does not hold'
}
