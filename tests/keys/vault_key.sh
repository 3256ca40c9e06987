# shellcheck shell=bash
# shellcheck disable=SC2154  # what it does not assign is of deployment.sh
# The vault's key-encryption key changes under a gateway that is asked: killed halfway, done again, and the old key is
# gone. What was sealed before opens at every step.
vault_key_changes() {
  local keys=$dev/vault-keys index
  ask sealed-before
  index=$(index_of sealed-before)
  node "$here/wrapped_months.mjs" "$dev/pki/vault.kek" "$keys" 12 || fail 'no keys of other months'
  openssl rand -base64 32 >"$dev/pki/vault-2.kek"
  chmod 600 "$dev/pki/vault-2.kek"
  sed -i 's|^vault_kek_file: .*|vault_kek_file: "../pki/vault-2.kek"\nold_vault_kek_file: "../pki/vault.kek"|' "$settings"
  restart
  asking rewrapping
  killed_halfway "$keys"
  opens "$index"
  chayan vault rewrap --config "$settings" || fail 'a change that was killed is not finished'
  grep -q 'rewrapped' "$work/out" || fail 'nothing was left to do'
  more rewrapping 3
  asked_without_loss
  [[ -z $(find "$keys" -type f ! -name '*.key' ! -name lock-key) ]] || fail 'something is left beside the keys'
  sed -i '/^old_vault_kek_file/d' "$settings"
  rm "$dev/pki/vault.kek"
  restart
  opens "$index"
  ask sealed-after
  rm "$keys"/19??-??.permanent.key
  echo "vault key: wrapped anew under a gateway that answered $(answered rewrapping) questions; the old one is gone"
}

# Killed at its seventh exchange of two files: six are done, one waits beside the other, the rest are as they were.
killed_halfway() {
  if ! strace -qq -o /dev/null true 2>/dev/null; then
    echo 'vault key: NOT killed halfway, processes cannot be traced here: apt-get install strace'
    return
  fi
  if strace -qq -f -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=SIGKILL:when=7 \
    "$CHAYAN_BIN/chayan" vault rewrap --config "$settings" >"$work/out" 2>&1; then
    fail 'the change was not killed'
  fi
  [[ $(find "$1" -name '*.rewrap' | wc -l) == 1 ]] || fail 'the change was not killed between two steps'
  echo 'vault key: killed halfway'
}

# The entry that a receipt is of.
index_of() {
  check --json --log-keys "$work/log-keys" "$work/receipts/$1.chayan" || fail "the receipt $1 does not hold"
  node -e 'console.log(JSON.parse(require("fs").readFileSync(0)).index)' <"$work/out"
}
# opens INDEX: an auditor sees whom the entry is about.
opens() {
  chayan audit entry "$1" --open --as inspector-3 --file 115-0042 --trust "$work/paper" --log-keys "$work/log-keys" ||
    fail "entry $1 does not open"
  grep -q "subject's number" "$work/out" || fail "entry $1 opens to nothing"
}
