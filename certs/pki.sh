# shellcheck shell=bash
# What the development PKI's three commands share. Sourced, never run.
#
# Layout of DIR (all of it 0700/0600, because it holds keys):
#   NAME.pem NAME.key      a system: leaf then intermediates, and its key
#   root.pem trusted.pem   the root alone (clients), and every root the gateway trusts
#   answer/ assertion/     Ed25519 keys of agencies and of offices
#   crl/CA.pem             revocation lists, replaced by rename, so that no reader sees half of one
#   ca/NAME/               an authority: certificate, key, the index `openssl ca` keeps
#   log.key vault.kek notice-order.key keys.textproto
#
# Invariants: a file appears whole or not at all; a certificate is replaced together with its key's check; one command
# at a time (a lock on DIR/ca/lock).

umask 077

# shellcheck disable=SC2034  # used by dev-pki
readonly TRUST_DOMAIN=chayan.example
readonly CA_DAYS=3650
readonly LEAF_DAYS=90
readonly CRL_DAYS=30
# What ends within a day is renewed: a run of the tests must not outlive its certificates.
readonly RENEW_SECONDS=86400

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

# Runs openssl quietly; its own words are shown only when it fails.
quiet() {
  local output
  if ! output=$("$@" 2>&1); then
    printf '%s\n' "$output" >&2
    fail "'$1 ${2:-}' failed; its words stand above"
  fi
}

need_openssl() {
  command -v openssl >/dev/null || fail "openssl is missing; run deploy/setup"
  command -v flock >/dev/null || fail "flock is missing; install util-linux"
}

# Sets DIR to an absolute path and takes the lock until the process ends.
open_pki() {
  mkdir -p "$1/ca" "$1/crl" "$1/answer" "$1/assertion" "$1/tmp"
  DIR=$(cd "$1" && pwd)
  exec 9>"$DIR/ca/lock"
  flock -w 60 9 || fail "another command holds $DIR/ca/lock for a minute; wait for it or end it"
}

# ends_soon CERTIFICATE: true when it is missing or ends within a day.
ends_soon() {
  [[ -s $1 ]] || return 0
  ! openssl x509 -in "$1" -noout -checkend "$RENEW_SECONDS" >/dev/null 2>&1
}

# key_fits CERTIFICATE KEY: true when the key is the certificate's.
key_fits() {
  [[ -s $1 && -s $2 ]] || return 1
  [[ $(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) == "$(openssl pkey -in "$2" -pubout 2>/dev/null)" ]]
}

# new_key FILE p256|ed25519: makes an unencrypted PKCS#8 key.
new_key() {
  local part=$DIR/tmp/key.$$
  case $2 in
    p256) quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$part" ;;
    ed25519) quiet openssl genpkey -algorithm ed25519 -out "$part" ;;
  esac
  mv -f "$part" "$1"
}

# write_ca_config CA: what `openssl ca` needs to know of one authority.
write_ca_config() {
  local ca=$DIR/ca/$1
  cat >"$ca/openssl.cnf" <<CONFIG
[ca]
default_ca = here
[here]
database = $ca/index.txt
new_certs_dir = $ca/issued
certificate = $ca/cert.pem
private_key = $ca/key.pem
serial = $ca/serial
crlnumber = $ca/crlnumber
default_md = sha256
default_days = $LEAF_DAYS
default_crl_days = $CRL_DAYS
crl_extensions = crl_extensions
unique_subject = no
policy = any
[any]
organizationName = optional
commonName = supplied
[crl_extensions]
authorityKeyIdentifier = keyid:always
CONFIG
}

# new_authority CA SUBJECT: key and empty books; the certificate comes after.
new_authority() {
  local ca=$DIR/ca/$1
  rm -rf "$ca"
  mkdir -p "$ca/issued"
  : >"$ca/index.txt"
  printf '01\n' >"$ca/crlnumber"
  write_ca_config "$1"
  new_key "$ca/key.pem" p256
  quiet openssl req -new -key "$ca/key.pem" -subj "$2" -out "$ca/request.pem"
}

# ensure_root CA NAME: a self-signed authority.
ensure_root() {
  local ca=$DIR/ca/$1
  write_ca_config_if_moved "$1"
  if ! ends_soon "$ca/cert.pem" && key_fits "$ca/cert.pem" "$ca/key.pem"; then return; fi
  new_authority "$1" "/O=Chayan development/CN=$2"
  printf '%s\n' 'basicConstraints=critical,CA:TRUE' 'keyUsage=critical,keyCertSign,cRLSign' \
    'subjectKeyIdentifier=hash' >"$ca/extensions"
  quiet openssl x509 -req -in "$ca/request.pem" -signkey "$ca/key.pem" -days "$CA_DAYS" -sha256 \
    -extfile "$ca/extensions" -out "$ca/cert.pem"
  say "made authority $2"
}

# A PKI folder may be moved or copied; the absolute paths in its configuration then follow.
write_ca_config_if_moved() {
  if [[ -d $DIR/ca/$1 ]]; then write_ca_config "$1"; fi
}

# timestamp SECONDS_FROM_NOW: in the form `openssl ca` takes.
timestamp() {
  date -u -d "@$(($(date +%s) + $1))" +%Y%m%d%H%M%SZ
}

# sign CA REQUEST EXTENSIONS SECONDS OUT: a certificate that ends SECONDS from now; negative means it has ended.
sign() {
  local ca=$DIR/ca/$1 start=-3600
  if (($4 <= 0)); then start=$(($4 - 86400)); fi
  quiet openssl ca -config "$ca/openssl.cnf" -batch -notext -rand_serial -in "$2" -extfile "$3" \
    -startdate "$(timestamp "$start")" -enddate "$(timestamp "$4")" -out "$5"
}

# chain_of CA: the certificates a leaf of that authority is sent with; a root is not sent.
chain_of() {
  if [[ $1 == intermediate ]]; then cat "$DIR/ca/intermediate/cert.pem"; fi
}

# issue CA NAME URI SECONDS [server]: makes a key and a certificate for a system and puts both in place.
issue() {
  local ca=$1 name=$2 uri=$3 seconds=$4 kind=${5:-client}
  local part=$DIR/tmp/leaf.$$ path=${3#spiffe://*/}
  local alternative="URI:$uri" usage=clientAuth
  if [[ $kind == server ]]; then
    alternative+=",DNS:localhost,IP:127.0.0.1"
    usage=serverAuth
  fi
  new_key "$part.key" p256
  quiet openssl req -new -key "$part.key" -subj "/O=${path%%/*}/CN=${path##*/}" -out "$part.csr"
  printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' \
    "extendedKeyUsage=$usage" "subjectAltName=$alternative" 'subjectKeyIdentifier=hash' \
    'authorityKeyIdentifier=keyid' >"$part.ext"
  sign "$ca" "$part.csr" "$part.ext" "$seconds" "$part.leaf"
  { cat "$part.leaf" && chain_of "$ca"; } >"$part.pem"
  mv -f "$part.key" "$DIR/$name.key"
  mv -f "$part.pem" "$DIR/$name.pem"
  rm -f "$part".*
}

# serial_of CERTIFICATE
serial_of() {
  local serial
  serial=$(openssl x509 -in "$1" -noout -serial)
  printf '%s' "${serial#serial=}"
}

# is_revoked CERTIFICATE: whether any authority here has revoked it.
is_revoked() {
  local serial
  serial=$(serial_of "$1")
  grep -qsP "^R\t[^\t]*\t[^\t]+\t$serial\t" "$DIR"/ca/*/index.txt
}

# issue_crl CA: a fresh list, moved into place in one step.
issue_crl() {
  local part=$DIR/tmp/crl.$$
  quiet openssl ca -config "$DIR/ca/$1/openssl.cnf" -gencrl -out "$part"
  mv -f "$part" "$DIR/crl/$1.pem"
}

# crl_ends_soon CA
crl_ends_soon() {
  local file=$DIR/crl/$1.pem next
  [[ -s $file ]] || return 0
  openssl crl -in "$file" -noout -verify -CAfile "$DIR/ca/$1/cert.pem" >/dev/null 2>&1 || return 0
  next=$(openssl crl -in "$file" -noout -nextupdate)
  (($(date -d "${next#nextUpdate=}" +%s) - $(date +%s) < RENEW_SECONDS))
}

say() {
  if [[ -z ${QUIET:-} ]]; then printf '%s\n' "$1"; fi
}
