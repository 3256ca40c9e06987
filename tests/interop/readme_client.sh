#!/bin/bash
# Runs the Python client exactly as README.md shows it, against the deployment named by CHAYAN_*.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
if ! /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null; then
  echo "README client NOT RUN: it needs Debian's python3-grpcio and python3-protobuf"
  exit 0
fi
mapfile -t protos < <(find proto -name '*.proto')
protoc -Iproto --python_out="$work" "${protos[@]}"
# shellcheck disable=SC2016  # the backquotes are the README's, not the shell's
sed -n '/^```python$/,/^```$/p' README.md | grep -v '^```' >"$work/client.py"
PYTHONPATH=$work /usr/bin/python3 "$work/client.py" | tee "$work/answer"
grep -q 'outcome: OUTCOME_MATCH' "$work/answer"
echo "README client: OK"
