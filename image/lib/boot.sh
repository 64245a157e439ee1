# From a started container to con-ready.target, or to an account of what is in the way.
# shellcheck shell=bash

exec_environment=(
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" ${NO_COLOR:+NO_COLOR=$NO_COLOR}
)

# The volume: four directories and the machine id, to which systemd-creds binds its host key.
prepare_data() {
  local part
  for part in srv etc lib systemd; do
    [ -d "$data/$part" ] || install -d -m 755 "$data/$part" ||
      die 73 "$data/$part: cannot be made: be root, or give DATA=DIRECTORY"
  done
  [ -s "$data/machine-id" ] || tr -d - </proc/sys/kernel/random/uuid >"$data/machine-id"
}

# Bind mounts, each FROM:TO with FROM below $data; with every engine the same.
state_mounts() {
  printf '%s\n' srv:/srv/con etc:/etc/con lib:/var/lib/con systemd:/var/lib/systemd \
    machine-id:/etc/machine-id
}

in_systemd() { engine_call exec systemctl "$@" </dev/null 2>/dev/null; }

# Waits until the target is reached, cannot be reached any more, or the deadline has passed.
wait_ready() {
  local deadline=$((SECONDS + ready_timeout)) state
  while [ "$SECONDS" -lt "$deadline" ]; do
    engine_call is_running || { say "$name: ended while booting"; return 1; }
    [ "$(in_systemd is-active con-ready.target || true)" != active ] || return 0
    state=$(in_systemd is-system-running || true)
    case $state in
      running | degraded | maintenance)
        [ "$(in_systemd is-active con-ready.target || true)" != active ] || return 0
        return 1
        ;;
    esac
    sleep 0.1
  done
  say "$name: con-ready.target not reached in $ready_timeout s"
  return 1
}

explain_boot() {
  local unit
  local -A seen=()
  say "$name: did not become ready for tasks. What failed:"
  if ! engine_call is_running; then
    engine_call console >&2
  else
    for unit in $(in_systemd list-units --failed --plain --no-legend | awk '{print $1}') \
      con-bootstrap.service con-ready.target; do
      [ -z "${seen[$unit]:-}" ] || continue
      seen[$unit]=yes
      printf '\n%s\n' "$unit" >&2
      engine_call exec journalctl --unit "$unit" --lines 15 --no-pager --output cat </dev/null >&2 ||
        say "no journal of $unit"
    done
    in_systemd list-jobs --no-legend --no-pager >&2 || say "no list of waiting jobs"
  fi
  printf '\n' >&2
  say "look inside: make shell NAME=$name, make logs NAME=$name;" \
    "after a repair: make deploy NAME=$name; to give up: make stop NAME=$name"
}
