#!/bin/bash
# Runs the section "A client in ten lines" of README.md as it stands, its shell lines and its Python, in a copy of what it
# reads, against the deployment named by CHAYAN_*.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if ! command -v protoc >/dev/null || ! /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null; then
  echo "README client NOT RUN: it needs Debian's protobuf-compiler, python3-protobuf and python3-grpcio"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tests/interop"
cp -r "$root/proto" "$work/proto"
cp "$root/tests/interop/question.textproto" "$work/tests/interop"

# block LANGUAGE: the lines of the section's block in that language.
block() {
  sed -n '/^## A client in ten lines$/,/^## /p' "$root/README.md" |
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" | grep -v '^```'
}
block sh >"$work/prepare.sh"
block python >"$work/client.py"
[[ $(wc -l <"$work/client.py") == 10 ]] || { echo "README client: not ten lines" >&2; exit 1; }

cd "$work"
set -x
# shellcheck source=/dev/null
. ./prepare.sh
/usr/bin/python3 client.py | tee answer
grep -q 'outcome: OUTCOME_MATCH' answer
set +x
echo "README client: OK"
