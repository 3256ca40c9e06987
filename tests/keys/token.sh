# shellcheck shell=bash
# shellcheck disable=SC2154  # what it does not assign is of deployment.sh
# Log key and key-encryption key move from files into a PKCS#11 token; then the token goes away under the gateway. Where
# there is no SoftHSM the keys stay in files.
readonly MODULE=/usr/lib/softhsm/libsofthsm2.so
readonly PIN=8642

keys_move_into_a_token() {
  if [[ ! -e $MODULE ]] || ! command -v pkcs11-tool >/dev/null; then
    echo 'token: SKIPPED, no SoftHSM or no pkcs11-tool: apt-get install softhsm2 opensc'
    return
  fi
  make_token
  local index
  ask before-token
  index=$(index_of before-token)
  {
    token_key next_log_key_token log
    token_key vault_kek_token kek
    echo 'old_vault_kek_file: "../pki/vault-2.kek"'
  } >>"$settings"
  sed -i '/^vault_kek_file/d' "$settings"
  kill_gateway
  does_not_start 'user PIN into pin_file' # a wrong one
  printf '%s\n' "$PIN" >"$work/token/pin"
  up
  witness_follows "$("$CHAYAN_BIN/chayan-gateway" --config "$settings" --print-vkey | tail -n 1)"
  chayan vault rewrap --config "$settings" || fail 'the vault keys are not wrapped by the token'
  sed -i -e '/^old_vault_kek_file/d' -e '/^log_key_file/d' -e 's/^next_log_key_token/log_key_token/' "$settings"
  rm "$dev/pki/vault-2.kek" "$dev/pki/log-2.key"
  restart
  ask by-token
  curl -sSf "$CHAYAN_HTTP/log-keys" >"$work/log-keys" || fail 'the log does not serve its keys'
  check --log-keys "$work/log-keys" "$work/receipts/by-token.chayan" || fail 'what the token signed does not hold'
  opens "$index"
  token_goes_away
  echo 'token: signs and wraps; when it went away nothing was answered and the gateway said why; it went on afterwards'
}

make_token() {
  mkdir -p "$work/token/tokens"
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/token/tokens" >"$work/token/conf"
  export SOFTHSM2_CONF=$work/token/conf
  softhsm2-util --init-token --free --label gateway --so-pin 1357 --pin "$PIN" >"$work/out" 2>&1 || fail 'no token'
  local key
  for key in '--keypairgen --key-type EC:edwards25519 --label log' '--keygen --key-type AES:32 --label kek'; do
    # shellcheck disable=SC2086  # several words
    pkcs11-tool --module "$MODULE" --token-label gateway --login --pin "$PIN" $key >"$work/out" 2>&1 || fail "no key: $key"
  done
  printf '97531\n' >"$work/token/pin"
  chmod 600 "$work/token/pin"
}
token_key() {
  printf '%s { module: "%s" token_label: "gateway" key_label: "%s" pin_file: "%s" }\n' "$1" "$MODULE" "$2" "$work/token/pin"
}

token_goes_away() {
  local before
  before=$(entries)
  mv "$work/token/tokens" "$work/token/away"
  mkdir "$work/token/tokens"
  if chayan verify --example; then fail 'an answer without a signature of the token'; fi
  grep -q 'LOG_UNAVAILABLE' "$work/out" || fail 'the refusal does not say that the log is not available'
  await 'the end of the gateway' ended gateway
  grep -q '"log_not_signed".*token' "$dev/log/gateway.log" || fail 'the gateway does not say that the token is gone'
  does_not_start 'has no token "gateway"'
  rmdir "$work/token/tokens"
  mv "$work/token/away" "$work/token/tokens"
  up
  # The question that was refused stands in the log all the same; nobody was answered.
  (($(entries) > before)) || fail 'the log is shorter than before'
  ask token-is-back
  await 'a cosignature' cosigned_beyond "$(entries)"
  rm -rf "$work/export-token"
  CHAYAN_TRUST=$work/paper chayan audit export "$work/export-token" || fail 'no export'
  "$CHAYAN_BIN/chayan-audit" verify "$work/export-token" --trust "$work/paper" --receipts "$work/receipts" \
    >"$work/out" 2>&1 || fail 'the log does not verify after the token came back'
}
