# shellcheck shell=bash
# Gateways on logs of an exact size, beside a deployment of deploy/dev whose keys and registry they use; dev.env is
# loaded. Sourced by tests/interop/sizes and tests/bench/export, with the deployment's folder in `deployment`.
readonly SIZED_START_SECONDS_MAX=60
sized_pid=

# sized_settings FOLDER: of a gateway whose store and head are there.
sized_settings() {
  mkdir -p "$1/vault-keys"
  chmod 700 "$1/vault-keys"
  # shellcheck disable=SC2154  # the caller's
  sed -e "s|\"\.\./|\"$deployment/|; s|\"denylist|\"$deployment/gateway/denylist|" \
    -e 's|^listen:.*|listen: "127.0.0.1:0"|; s|^http_listen:.*|http_listen: "127.0.0.1:0"|' \
    -e 's|^store_file:.*|store_file: "store.sqlite"|; s|^head_file:.*|head_file: "head"|' \
    -e 's|^vault_key_directory:.*|vault_key_directory: "vault-keys"|' \
    "$deployment/gateway/gateway.textproto" >"$1/gateway.textproto"
}

# sized_fill FOLDER SIZE
sized_fill() {
  if [[ ! -e $1/gateway.textproto ]]; then sized_settings "$1"; fi
  "$CHAYAN_BIN/chayan-sized-log" fill --config "$1/gateway.textproto" --registry "$deployment/registry" --size "$2"
}

# sized_await FILE PATTERN: prints the first match, once there is one.
sized_await() {
  local deadline=$((SECONDS + SIZED_START_SECONDS_MAX))
  until grep -m1 -E "$2" "$1" 2>/dev/null; do
    if ((SECONDS >= deadline)); then
      cat "$1" >&2
      return 1
    fi
    sleep 0.1
  done
}

# sized_start FOLDER: sets sized_pid, sized_address (gRPC) and sized_url (HTTP).
# shellcheck disable=SC2034  # for the caller
sized_start() {
  local line
  "$CHAYAN_BIN/chayan-gateway" --config "$1/gateway.textproto" 2>"$1/output" &
  sized_pid=$!
  line=$(sized_await "$1/output" '"gateway.listening"') || return 1
  sized_address=$(sed -E 's/.*"address":"([^"]*)".*/\1/' <<<"$line")
  sized_url=http://$(sed -E 's/.*"http":"([^"]*)".*/\1/' <<<"$line")
}

# sized_stop: in order; without any running, nothing.
sized_stop() {
  local pid=$sized_pid
  sized_pid=
  if [[ -z $pid ]]; then return; fi
  kill "$pid" 2>/dev/null || true
  wait "$pid"
}
