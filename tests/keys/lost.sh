# shellcheck shell=bash
# shellcheck disable=SC2154  # what it does not assign is of deployment.sh
# The disk with the store is lost. An old copy is refused wherever anybody has seen more; a new log begins, which says
# what the old one had and what of it is lost, and whoever holds receipts or an export of the old one can tell whether it
# is true.
store_is_lost() {
  nothing_is_lost
  chayan backup --config "$settings" "$work/backup" || fail 'no backup of a running gateway'
  (cd "$work/backup" && sha256sum ./*) >"$work/backup.sums"
  local name
  for name in 1 2; do ask "mirrored/$name"; done
  await 'a cosignature' cosigned_beyond "$(entries)"
  CHAYAN_TRUST=$work/paper chayan audit export "$work/mirror" || fail 'no mirror'
  for name in 1 2 3; do ask "lost/$name"; done
  await 'a cosignature' cosigned_beyond "$(entries)"
  "$root/deploy/dev" down "$dev" >/dev/null
  rm "$dev"/gateway/store.sqlite*
  old_copies_are_refused
  new_log_is_refused

  goes_on 3
  chayan receipt check --log-keys "$work/log-keys" "$work/receipts/lost/1.chayan" ||
    fail 'a receipt of a lost entry does not hold any more'
  chayan log export "$work/backup" "$work/old" || fail 'no export of the old log'
  proves "$work/new-3" "$work/old" 'receipts prove 5'
  refused 'does not say that it goes on' chayan audit verify "$work/old" --prior "$work/new-3"
  kill_gateway
  goes_on 4 --mirror "$work/mirror"
  proves "$work/new-4" "$work/mirror" 'receipts prove 3'
  refused 'the export of the log before ends at' chayan audit verify "$work/new-4" --prior "$work/old"

  (cd "$work/backup" && sha256sum --quiet -c "$work/backup.sums") || fail 'the backup was written to'
  echo 'lost store: old copies are refused by command, guard file and witness; a new log states what is lost'
}

# A backup of what had stopped is the end of the log, and goes on as the same one.
nothing_is_lost() {
  "$root/deploy/dev" down "$dev" >/dev/null
  chayan backup --config "$settings" "$work/end" || fail 'no backup of a gateway that has stopped'
  refused 'never overwritten' chayan restore "$work/end" --config "$settings"
  rm "$dev"/gateway/store.sqlite*
  mv "$dev/head/head" "$work/end-checkpoint"
  chayan restore "$work/end" --config "$settings" --checkpoint "$work/end-checkpoint" ||
    fail 'the end of the log is not restored'
  up
  ask restored
  check --log-keys "$work/log-keys" "$work/receipts/restored.chayan" || fail 'a receipt after the restore does not hold'
}

old_copies_are_refused() {
  refused 'chayan log reopen' chayan restore "$work/backup" --config "$settings"
  # By hand: first while no witness can be asked, then with the backup's own guard file, so that the witness alone knows.
  cp "$work/backup/store.sqlite" "$dev/gateway/store.sqlite"
  stop witness 10
  does_not_start 'the store is an older copy'
  run_witness "$witness_address"
  mv "$dev/head/head" "$work/last-checkpoint"
  cp "$work/backup/head" "$dev/head/head"
  does_not_start 'witness first shows a checkpoint of'
  "$root/deploy/dev" down "$dev" >/dev/null
  rm "$dev"/gateway/store.sqlite* "$dev/head/head"

  refused '--nothing-newer' chayan restore "$work/backup" --config "$settings"
  refused 'chayan log reopen' chayan restore "$work/backup" --config "$settings" --checkpoint "$work/last-checkpoint"
}

new_log_is_refused() {
  local reopen=(chayan log reopen "$work/backup" --config "$settings" --checkpoint "$work/last-checkpoint")
  refused 'log_origin' "${reopen[@]}"
  name_new_log 2
  sed -i 's|^vault_key_directory: .*|vault_key_directory: "../vault-keys"|' "$settings"
  refused 'vault_key_directory' "${reopen[@]}"
}
# name_new_log NUMBER: in the settings, with a key of its own.
name_new_log() {
  openssl genpkey -algorithm ed25519 -out "$dev/pki/log-$1.key"
  chmod 600 "$dev/pki/log-$1.key"
  sed -i -e "s|^log_origin: .*|log_origin: \"gw.chayan.example/log/dev-$1\"|" -e '/^log_key_/d' \
    -e "s|^store_file: .*|store_file: \"store-$1.sqlite\"|" -e "s|^head_file: .*|head_file: \"../head/head-$1\"|" \
    -e "s|^vault_key_directory: .*|vault_key_directory: \"../vault-keys-$1\"|" "$settings"
  printf 'log_key_file: "../pki/log-%s.key"\n' "$1" >>"$settings"
}

# goes_on NUMBER OPTION…: reopens the log, answers, and exports it to new-NUMBER. The verifiers' paper gets its key.
goes_on() {
  local number=$1 vkey
  shift
  name_new_log "$number"
  chayan log reopen "$work/backup" --config "$settings" --checkpoint "$work/last-checkpoint" "$@" ||
    fail 'the log is not reopened'
  vkey=$("$CHAYAN_BIN/chayan-gateway" --config "$settings" --print-vkey)
  witness_follows "$vkey"
  up
  ask "reopened-$number"
  await 'a cosignature of the new log' cosigned_beyond "$(entries)"
  printf 'log %s\n' "$vkey" >>"$work/paper"
  export CHAYAN_TRUST=$work/paper
  chayan receipt check "$work/receipts/reopened-$number.chayan" || fail 'a receipt of the new log does not hold'
  chayan audit export "$work/new-$number" || fail 'no export of the new log'
}

# proves NEW OLD TEXT: the new log goes on for the old one, as its export OLD and the receipts show, and says TEXT of what
# is lost.
proves() {
  chayan audit verify "$1" --prior "$2" --receipts "$work/receipts" || fail "the new log does not prove it against $2"
  grep -q 'goes on for' "$work/out" || fail 'the loss is not told'
  grep -qF "$3" "$work/out" || fail "not told: $3"
}
