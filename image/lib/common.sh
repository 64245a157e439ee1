# Settings, messages, locks. Sourced by con-container; sets variables, does nothing else.
# shellcheck shell=bash

say() { printf 'con: %s\n' "$*" >&2; }

die() { # CODE MESSAGE
  local code=$1
  shift
  say "$*"
  exit "$code"
}

have() { command -v "$1" >/dev/null 2>&1; }

# Reads the environment once, checks every value that becomes part of a path or a name.
read_settings() {
  name=${NAME:-con}
  profile=${PROFILE:-default}
  engine=${ENGINE:-}
  gpu=${GPU:-}
  base=${BASE:-}
  network=${NETWORK:-bridge}
  data=${DATA:-/var/lib/con-data/$name}
  cache=${CON_CACHE:-/var/cache/con}
  machine=${CON_MACHINES:-/var/lib/con-machines}/$name
  ready_timeout=${READY_TIMEOUT:-90}
  build=$repo/.cache
  [[ $name =~ ^[a-z][a-z0-9-]{0,30}$ ]] ||
    die 64 "NAME=$name: not a container name: use a to z, 0 to 9 and -, at most 31, a letter first"
  [[ " ${all_profiles[*]} " == *" $profile "* ]] ||
    die 64 "PROFILE=$profile: no such profile: ${all_profiles[*]}"
  [[ $data =~ ^/[^:,]+$ ]] ||
    die 64 "DATA=$data: an absolute path without colon or comma is needed"
  [[ $ready_timeout =~ ^[0-9]+$ ]] ||
    die 64 "READY_TIMEOUT=$ready_timeout: a number of seconds is needed"
  case $engine in
    '' | podman | docker | nspawn) ;;
    *) die 64 "ENGINE=$engine: no such engine: podman, docker or nspawn" ;;
  esac
  architecture
}

# Node's name for this machine's processor.
architecture() {
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) die 69 "$(uname -m): no Node for this processor: x86_64 or aarch64 is needed" ;;
  esac
}

need_root() {
  [ "$(id -u)" = 0 ] || die 77 "$1: only root may do this: run make as root"
}

# What a running container was started with; the later verbs need no settings but NAME.
remember() {
  printf '%s\n' "engine=$engine" "profile=$profile" "data=$data" "gpu=$gpu" \
    "base=$base" "network=$network" >"$machine/settings"
}

# Returns 1 where no such container was started.
recall() {
  local key value
  [ -f "$machine/settings" ] || return 1
  while IFS='=' read -r key value; do
    case $key in
      engine) engine=$value ;;
      profile) profile=$value ;;
      data) data=$value ;;
      gpu) gpu=$value ;;
      base) base=$value ;;
      network) network=$value ;;
    esac
  done <"$machine/settings"
}

need_running() {
  if ! recall || ! engine_call is_running; then
    die 69 "$name: not running: start it with: make run NAME=$name"
  fi
}

# Every engine has the same functions: nspawn_NAME, and oci_NAME for podman and docker.
engine_call() { # FUNCTION ARGUMENT…
  local function=$1
  shift
  case $engine in
    nspawn) "nspawn_$function" "$@" ;;
    *) "oci_$function" "$@" ;;
  esac
}

choose_engine() {
  if [ -n "$engine" ]; then
    engine_works "$engine" || die 69 "ENGINE=$engine: does not work here: $(engine_remedy "$engine")"
    return
  fi
  for engine in podman docker nspawn; do
    if engine_works "$engine"; then return; fi
  done
  die 69 "no engine: install podman or docker, or run as root on Debian for systemd-nspawn"
}

engine_works() {
  case $1 in
    nspawn) [ "$(id -u)" = 0 ] && have systemd-nspawn ;;
    *) have "$1" && timeout 30 "$1" info >/dev/null 2>&1 ;;
  esac
}

engine_remedy() {
  case $1 in
    nspawn) echo "be root and apt-get install systemd-container mmdebstrap" ;;
    *) echo "look at what '$1 info' says" ;;
  esac
}

# One build or start at a time; the lock goes with the process. Children that stay must not inherit it.
lock() { # FILE
  mkdir -p "$(dirname "$1")" || die 77 "$1: cannot be made: be root, or name another directory"
  exec {lock_fd}>"$1"
  flock "$lock_fd"
}

unlock() { exec {lock_fd}>&-; }
