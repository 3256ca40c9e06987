# shellcheck shell=bash
# shellcheck disable=SC2154  # what it does not assign is of deployment.sh
# The log's key changes while an office asks. Verifiers have the first key on paper and follow.
log_key_changes() {
  ask first
  asking rotating
  refused 'no rotation of a key file has begun' chayan log rotate-key finish --config "$settings"
  chayan log rotate-key begin --config "$settings" --key-file "$dev/pki/log-2.key" || fail 'the change does not begin'
  witness_follows "$(head -n 1 "$work/out")"
  refused 'has not announced the next key yet' chayan log rotate-key finish --config "$settings"
  restart
  restart # nothing is announced twice
  [[ $(grep -c '"log_key_changed"' "$dev/log/gateway.log") == 1 ]] || fail 'not one announcement'
  more rotating 3
  ask overlap
  check "$work/receipts/overlap.chayan" || fail 'a receipt of the overlap does not hold by the first key'
  chayan log rotate-key finish --config "$settings" || fail 'the change does not finish'
  restart
  rm "$dev/pki/log.key"
  more rotating 3
  asked
  ask after
  await 'a cosignature under the new key' cosigned_beyond "$(entries)"
  first_key_leads_on
  echo "log key: announced once over kills, both signed, $(answered rotating) receipts of the change hold by the first key"
}

first_key_leads_on() {
  refused 'not signed by a trusted log' check "$work/receipts/after.chayan"
  CHAYAN_TRUST=$work/paper chayan audit export "$work/export" || fail 'no export from the first key on'
  curl -sSf "$CHAYAN_HTTP/log-keys" >"$work/log-keys" || fail 'the log does not serve its keys'
  cmp "$work/log-keys" "$work/export/log-keys" || fail 'the log serves other keys than it exports'
  local receipt
  for receipt in "$work"/receipts/*.chayan "$work"/receipts/rotating/*.chayan; do
    check --log-keys "$work/log-keys" "$receipt" || fail "does not hold from the first key on: $receipt"
  done
  "$CHAYAN_BIN/chayan-audit" verify "$work/export" --trust "$work/paper" --receipts "$work/receipts" >"$work/out" 2>&1 ||
    fail 'the export does not verify from the first key on'
  upgrade_follows
}

# What asks the gateway, with the first key on paper and a witness.
upgrade_follows() {
  { sed '/^quorum/d' "$work/paper" && grep -o 'witness\.example[^"]*' "$work/registry/witnesses.textproto" |
    sed 's/^/witness first /' && echo 'quorum first'; } >"$work/witnessed-paper"
  mkdir -p "$work/upgraded"
  cp "$work/receipts/first.chayan" "$work/receipts/after.chayan" "$work/upgraded"
  export CHAYAN_TRUST=$work/witnessed-paper
  refused 'not signed by a trusted log' chayan receipt upgrade "$work/upgraded"
  chayan receipt upgrade "$work/upgraded" --log-keys "$work/log-keys" || fail 'receipts are not upgraded after the change'
  chayan receipt check --log-keys "$work/log-keys" "$work/upgraded/first.chayan" || fail 'an upgraded receipt does not hold'
  chayan audit entry 1 --trust "$work/paper" --log-keys "$work/log-keys" || fail 'an entry is not proved after the change'
  export CHAYAN_TRUST=$dev/trust
}
