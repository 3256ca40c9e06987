# shellcheck shell=bash
# Programs that outlive the script that started them. Sourced, never run.
#
# Invariant: nothing is ever signalled but what a file under DIR/run names by pid and start time. A pid alone may have
# gone to somebody else since.

# start_time PID: in clock ticks since boot; fails when there is no such process or it is a zombie.
start_time() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The name in parentheses may hold blanks and parentheses, so fields are counted behind the last one.
  read -r -a fields <<<"${stat##*) }"
  if [[ ${fields[0]} == Z ]]; then return 1; fi
  printf '%s' "${fields[19]}"
}

# pid_of NAME: the pid when the program that was started under this name still runs.
pid_of() {
  local pid started
  read -r pid started 2>/dev/null <"$DIR/run/$1.pid" || return 1
  [[ -n $started && $(start_time "$pid") == "$started" ]] || return 1
  printf '%s' "$pid"
}

# start NAME FOLDER COMMAND…: runs it there in the background, its output appended to DIR/log/NAME.log.
start() {
  local name=$1 folder=$2 pid
  shift 2
  # setsid: an interrupt at the terminal is for the script, not for what it leaves behind. Descriptor 9 is the lock.
  (cd "$folder" && exec setsid "$@" </dev/null >>"$DIR/log/$name.log" 2>&1 9>&-) &
  pid=$!
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$DIR/run/$name.pid.new"
  mv "$DIR/run/$name.pid.new" "$DIR/run/$name.pid"
}

# signal NAME SIGNAL: when it still runs.
signal() {
  local pid
  if pid=$(pid_of "$1"); then kill "-$2" "$pid" 2>/dev/null || true; fi
}

# await_end NAME SECONDS
await_end() {
  local deadline=$((SECONDS + $2))
  while pid_of "$1" >/dev/null; do
    if ((SECONDS >= deadline)); then return 1; fi
    sleep 0.05
  done
}

# stop NAME SECONDS: asks first, then forces.
stop() {
  signal "$1" TERM
  if ! await_end "$1" "$2"; then
    printf '%s did not stop within %d s and is killed\n' "$1" "$2" >&2
    signal "$1" KILL
    await_end "$1" 5 || return 1
  fi
  rm -f "$DIR/run/$1.pid"
}
