# shellcheck shell=bash
# shellcheck disable=SC2154  # here is of tests/keys/run
# A deployment to be hurt: its processes, an office that goes on asking, checks. Sourced by tests/keys/run.
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
dev=$work/dev
# Read by the parts.
# shellcheck disable=SC2034
settings=$dev/gateway/gateway.textproto
# deploy/process.sh works on it.
DIR=$dev
# shellcheck source=deploy/process.sh
source "$root/deploy/process.sh"
# Far above what anything here takes: only what never comes fails.
readonly PATIENCE_SECONDS=120

fail() {
  printf 'keys: %s\n' "$1" >&2
  local file
  for file in "$work/out" "$work/asked.failed"; do
    if [[ -s $file ]]; then tail -n 15 "$file" | cut -c1-400 >&2; fi
  done
  if [[ -s $dev/log/gateway.log ]]; then tail -n 15 "$dev/log/gateway.log" | cut -c1-400 >&2; fi
  exit 1
}
stop_all() {
  asked
  local name
  for name in witness land-ad-2; do stop "$name" 5 || true; done
  "$root/deploy/dev" down "$dev" >/dev/null || true
  rm -rf "$work"
}

# await WHAT COMMAND…: until it goes well.
await() {
  local what=$1 deadline=$((SECONDS + PATIENCE_SECONDS))
  shift
  until "$@"; do
    if ((SECONDS >= deadline)); then fail "$what did not come in $PATIENCE_SECONDS s"; fi
    sleep 0.1
  done
}

# up: starts what does not run.
up() {
  "$root/deploy/dev" up "$dev" >"$work/out" 2>&1 || fail 'the deployment does not start'
  set -a
  # shellcheck source=/dev/null
  . "$dev/dev.env"
  set +a
}
kill_gateway() {
  kill -9 "$CHAYAN_GATEWAY_PID"
  await 'the end of the gateway' ended gateway
}
ended() { ! pid_of "$1" >/dev/null; }
restart() {
  kill_gateway
  up
}
# does_not_start TEXT: the gateway must refuse its settings or its store, and say TEXT.
does_not_start() {
  local mark
  mark=$(stat -c %s "$dev/log/gateway.log")
  if "$root/deploy/dev" up "$dev" >"$work/out" 2>&1; then fail "the gateway starts, though: $1"; fi
  tail -c "+$((mark + 1))" "$dev/log/gateway.log" >"$work/out"
  grep -qF -- "$1" "$work/out" || fail "the gateway does not say why it does not start: $1"
}

chayan() { "$CHAYAN_BIN/chayan" "$@" >"$work/out" 2>&1; }
# refused TEXT COMMAND…: must fail and say TEXT.
refused() {
  local text=$1
  shift
  if "$@"; then fail "not refused: $text"; fi
  grep -qF -- "$text" "$work/out" || fail "refused, but not with: $text"
}

# ask NAME: one question, whose evidence is NAME.chayan in the folder of receipts. It is checked later, by the keys on
# paper.
ask() {
  mkdir -p "$work/receipts/$(dirname "$1")"
  CHAYAN_TRUST='' chayan verify --example --evidence "$work/receipts/$1.chayan" || fail "no answer for $1"
}
# By the keys on paper.
check() { CHAYAN_TRUST=$work/paper chayan receipt check "$@"; }

# asking NAME: an office that asks until `asked`. What is answered lies in the folder of receipts, what is not is counted.
asking() {
  mkdir -p "$work/receipts/$1"
  : >"$work/asked.failed"
  : >"$work/asking"
  local name=$1 count=0
  while [[ -e $work/asking ]]; do
    count=$((count + 1))
    CHAYAN_TRUST='' "$CHAYAN_BIN/chayan" verify --example --evidence "$work/receipts/$name/$count.chayan" \
      >"$work/asked.out" 2>&1 || cat "$work/asked.out" >>"$work/asked.failed"
  done &
  asker=$!
  await 'the first answer' test -e "$work/receipts/$1/1.chayan"
}
# more NAME COUNT: waits until so many more were answered.
more() {
  local before
  before=$(answered "$1")
  await "$2 more answers" at_least "$1" $((before + $2))
}
answered() { find "$work/receipts/$1" -name '*.chayan' | wc -l; }
at_least() { (($(answered "$1") >= $2)); }
asked() {
  rm -f "$work/asking"
  if [[ -n ${asker:-} ]]; then wait "$asker"; fi
  asker=
}
# Where no gateway is started anew, each question must have its answer.
asked_without_loss() {
  asked
  if [[ -s $work/asked.failed ]]; then fail 'a question was lost'; fi
}

# A witness that knows the keys in $work/witnessed, a `log` line each; it is started anew when they change.
start_witness() {
  { echo 'quorum none' && grep '^log' "$work/paper"; } >"$work/witnessed"
  chayan witness keygen --witness-key "$work/witness.key" --name witness.example/first || fail 'no key of a witness'
  local vkey
  vkey=$(tail -n 1 "$work/out")
  run_witness 127.0.0.1:0
  cp -r "$dev/registry" "$work/registry"
  cat >"$work/registry/witnesses.textproto" <<POLICY
# proto-file: proto/chayan/v1/registry.proto
# proto-message: chayan.v1.RegistryFile
witness_policy {
  witnesses { name: "first" vkey: "$vkey" url: "http://$witness_address" }
  quorum: "first"
  missing_quorum: MISSING_QUORUM_ALARM
}
POLICY
  apply
}
run_witness() {
  local mark=0
  if [[ -e $dev/log/witness.log ]]; then mark=$(stat -c %s "$dev/log/witness.log"); fi
  start witness "$work" "$CHAYAN_BIN/chayan" witness serve --witness-key witness.key --state witness-state \
    --policy witnessed --listen "$1"
  await 'the witness' witness_listens "$mark"
}
witness_listens() {
  witness_address=$(tail -c "+$(($1 + 1))" "$dev/log/witness.log" |
    sed -nE 's/.*"witness.listening".*"address":"([^"]+)".*/\1/p' | tail -n 1)
  [[ -n $witness_address ]]
}
# witness_follows VKEY: the witness learns of a new key of the log, or of a new log.
witness_follows() {
  printf 'log %s\n' "$1" >>"$work/witnessed"
  stop witness 10
  run_witness "$witness_address"
}
# Looking is an entry, so there is always something newer to witness.
cosigned_beyond() {
  chayan status --json || return 1
  local size
  size=$(node -e 'console.log(JSON.parse(require("fs").readFileSync(0)).publication?.witnessed_size ?? 0)' <"$work/out")
  ((size > $1))
}
entries() {
  chayan status --json || fail 'no status'
  node -e 'console.log(JSON.parse(require("fs").readFileSync(0)).log.size)' <"$work/out"
}
apply() { chayan registry apply --yes "$work/registry" || fail 'the registry is not applied'; }
