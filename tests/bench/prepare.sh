# shellcheck shell=bash
# For the commands beside this file: installs what is missing, builds the programs. CHAYAN_BIN names the folder of the
# programs; without it, build/release/bin is built first.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH=$PATH:/usr/sbin

# install COMMAND PACKAGE …: the packages whose command is not here. Installed, not started: what is measured is started
# with settings of its own.
install() {
  local missing=()
  while (($# > 0)); do
    [[ -n $(type -P "$1") ]] || missing+=("$2")
    shift 2
  done
  if ((${#missing[@]} == 0)); then return; fi
  echo "bench: installing ${missing[*]}"
  local sudo=()
  if ((EUID != 0)); then sudo=(sudo); fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq "${missing[@]}" >/dev/null
}

build() {
  if [[ -n ${CHAYAN_BIN:-} ]]; then return; fi
  cd "$root" || return
  cmake --preset release >/dev/null
  cmake --build --preset release --target chayan-gateway chayan-load chayan-bench-backend chayan-bench-adapter \
    chayan chayan-bench-gateway chayan-bench-connect chayan-bench-issue chayan-bench-grow
}
