# shellcheck shell=bash
# shellcheck disable=SC2154  # what it does not assign is of deployment.sh
# The answer key of an agency changes: both keys count in the overlap, a second adapter takes over, the first one drains.
answer_key_changes() {
  local old=$dev/pki/answer/land-ad.key new=$dev/pki/answer/land-ad-2.key next
  openssl genpkey -algorithm ed25519 -out "$new"
  next=$(answer_key "$new" not_before_time "$(in_hours -1)")
  register_answer_keys "$(answer_key "$old" not_after_time "$(in_hours 1)")"
  is_due || fail 'no alarm, though the last key of an agency ends'
  register_answer_keys "$(answer_key "$old" not_after_time "$(in_hours 1)")" "$next"
  if is_due; then fail 'an alarm, though a key follows the one that ends'; fi
  sed '/^answer-key land-ad /d' "$work/paper" >"$work/new-key-alone"
  printf 'answer-key land-ad %s\n' "$(public_half "$new")" | tee -a "$work/new-key-alone" >>"$work/paper"

  asking taking-over
  start_second_adapter
  await 'two links' links_are 2
  stop land-ad 20
  await 'one link' links_are 1
  more taking-over 3
  asked_without_loss
  local receipt by_new=0
  for receipt in "$work"/receipts/taking-over/*.chayan; do
    check --log-keys "$work/log-keys" "$receipt" || fail "a receipt of the overlap does not hold: $receipt"
    if CHAYAN_TRUST=$work/new-key-alone chayan receipt check --log-keys "$work/log-keys" "$receipt"; then
      by_new=$((by_new + 1))
    fi
  done
  ((by_new >= 3 && by_new < $(answered taking-over))) || fail "$by_new answers are signed with the new key"

  register_answer_keys "$(answer_key "$old" not_after_time "$(in_hours -1)")" "$next"
  start land-ad "$dev/agencies/land-ad" "$CHAYAN_BIN/chayan-adapter" --config adapter.textproto
  await 'the refusal of the old key' grep -q '"land-ad".*ANSWER_KEY_UNKNOWN' "$dev/log/gateway.log"
  stop land-ad 20
  ask answered-by-the-new-key
  # From here on the deployment's own adapter has the new key.
  mv "$new" "$old"
  up
  stop land-ad-2 20
  ask after-the-old-adapter
  echo "answer key: both counted, the new one in $by_new of $(answered taking-over) answers, none lost; the old is refused"
}

public_half() { openssl pkey -in "$1" -pubout -outform DER | base64 -w0; }
in_hours() { date -u -d "$1 hour" +%Y-%m-%dT%H:%M:%SZ; }
# answer_key FILE BOUND TIME: its line in the registry.
answer_key() {
  printf 'answer_keys { member: "land-ad" system: "adapter-1" public_key: "%s" %s: "%s" }\n' "$(public_half "$1")" "$2" "$3"
}
# register_answer_keys LINE…: these and no others of the agency.
register_answer_keys() {
  sed -i '/^answer_keys { member: "land-ad"/d' "$work/registry/keys.textproto"
  printf '%s\n' "$@" >>"$work/registry/keys.textproto"
  apply
}
is_due() {
  chayan status --json || fail 'no status'
  grep -qF '"answer_key.due"' "$work/out"
}
start_second_adapter() {
  mkdir -p "$dev/agencies/land-ad-2"
  sed 's|answer/land-ad.key|answer/land-ad-2.key|' "$dev/agencies/land-ad/adapter.textproto" \
    >"$dev/agencies/land-ad-2/adapter.textproto"
  start land-ad-2 "$dev/agencies/land-ad-2" "$CHAYAN_BIN/chayan-adapter" --config adapter.textproto
}
links_are() {
  chayan status --json || return 1
  [[ $(grep -oE '"member": *"land-ad"' "$work/out" | wc -l) == "$1" ]]
}
