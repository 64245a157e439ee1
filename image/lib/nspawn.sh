# The engine systemd-nspawn: for tests, and for a root machine without podman or docker.
# Everything of one container lies in $machine: settings, layer, upper, work, root, process, console.
# Mounts live in the namespace of the nspawn process and go with it, so that after SIGKILL at any
# moment only directories and control groups remain; nspawn_remove takes those away.
# shellcheck shell=bash

nspawn_image() {
  need_root "building for systemd-nspawn"
  build_layer
}

nspawn_start() {
  local image=$build/nspawn/$profile
  need_root "systemd-nspawn"
  [ -d "$image" ] || die 69 "image $profile: not built: make image PROFILE=$profile"
  [ -z "$gpu" ] || die 69 "GPU: systemd-nspawn cannot read a CDI specification: use podman or docker"
  mkdir -p "$machine"/{upper,work,root}
  cp -R "$image" "$machine/layer"
  nspawn_cgroups >"$machine/cgroups"
  nspawn_arguments >"$machine/arguments"
  # Only the supervisor's standard streams are its own: the lock on this machine stays with us.
  setsid unshare --mount --propagation private -- "$repo/image/lib/nspawn-supervise" \
    "$machine" "$(cat "$image.lower")" {lock_fd}>&- </dev/null >"$machine/console" 2>&1 &
  process_mark $! >"$machine/process"
  nspawn_wait_leader || die 69 "$name: systemd did not start: $(tail -n 5 "$machine/console")"
}

# One argument a line. No network: packet rules of the container must stay in a namespace of its own.
nspawn_arguments() {
  local part
  printf '%s\n' --quiet "--directory=$machine/root" "--machine=$name" --register=no --console=pipe \
    --kill-signal=SIGRTMIN+3 --private-network --link-journal=no --resolv-conf=off --timezone=off \
    "--system-call-filter=bpf landlock_create_ruleset landlock_add_rule landlock_restrict_self"
  [ ! -s "$machine/cgroups" ] || printf '%s\n' --keep-unit
  for part in $(state_mounts); do printf '%s\n' "--bind=$data/$part"; done
}

# A control group of its own in every hierarchy, so that containers do not share /payload. Where this
# machine has the unified hierarchy and runs systemd, nspawn asks that for a scope instead.
nspawn_cgroups() {
  local controllers path tree
  [ ! -d /run/systemd/system ] || [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ] || return 0
  while IFS=: read -r _ controllers path; do
    tree=/sys/fs/cgroup/${controllers#name=}
    [ -n "$controllers" ] || tree=$(unified_tree)
    [[ -w $tree && $controllers != cpuset ]] || continue
    mkdir -p "$tree${path%/}/con-$name"
    printf '%s\n' "$tree${path%/}/con-$name"
  done </proc/self/cgroup
}

unified_tree() {
  if [ -d /sys/fs/cgroup/unified ]; then
    echo /sys/fs/cgroup/unified
  else
    echo /sys/fs/cgroup
  fi
}

# A process id alone may be another process tomorrow; with its start time it cannot.
process_mark() { # PID
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # After the last parenthesis: state is the first field, start time the twentieth.
  read -ra fields <<<"${stat##*) }"
  [ "${fields[0]}" != Z ] || return 1
  printf '%s %s\n' "$1" "${fields[19]}"
}

same_process() { # FILE: sets pid when the recorded process still lives
  local mark
  [ -s "$1" ] || return 1
  read -r pid mark <"$1"
  [ "$(process_mark "$pid")" = "$pid $mark" ]
}

# The leader is PID 1 of the container: a child of nspawn that has become systemd.
nspawn_wait_leader() {
  local child pid
  while same_process "$machine/process"; do
    for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do
      if [ "$(cat "/proc/$child/comm" 2>/dev/null)" = systemd ]; then
        process_mark "$child" >"$machine/leader"
        return 0
      fi
    done
    sleep 0.02
  done
  return 1
}

nspawn_is_running() { local pid; same_process "$machine/leader"; }

# The fork into the PID namespace is a shell's: nsenter's own stops itself when its child is stopped, which systemd
# does to everybody on its way down; a parent that is stopped reaps nobody, and the namespace never ends.
nspawn_exec() { # COMMAND…: root, a clean environment, the caller's streams
  local pid
  same_process "$machine/leader" || die 69 "$name: not running: make run NAME=$name"
  nsenter --target "$pid" --all --no-fork -- /usr/bin/env -i "${exec_environment[@]}" \
    /bin/sh -c '"$@"; exit $?' sh "$@"
}

nspawn_console() { tail -n 20 "$machine/console"; }

nspawn_shell() { nspawn_exec systemd-run --quiet --pty --collect --wait /bin/bash -l; }

nspawn_stop() {
  local pid tries
  if same_process "$machine/leader"; then
    kill -s RTMIN+4 "$pid" || say "$name: had just ended"
    for ((tries = 0; tries < 400; tries++)); do
      same_process "$machine/process" || break
      sleep 0.05
    done
  fi
  nspawn_kill
}

# What did not go by asking: SIGKILL to PID 1 of a PID namespace ends everything in it, once the parents outside
# of those who entered have taken note.
nspawn_kill() {
  local pid record tries
  for record in leader process; do
    for ((tries = 0; tries < 400; tries++)); do
      same_process "$machine/$record" || continue 2
      kill -KILL "$pid" || say "$name: process $pid had just ended"
      sleep 0.05
    done
    die 70 "$name: process $pid does not end: a program outside has entered the container and is stopped (ps -e -o pid,stat,args | grep ' T'); end it, then: make stop NAME=$name"
  done
}

nspawn_remove() {
  local group
  nspawn_kill
  if [ -f "$machine/cgroups" ]; then
    while read -r group; do
      [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} +
    done <"$machine/cgroups"
  fi
  rm -rf --one-file-system "$machine"/{upper,work,root,layer,arguments,cgroups,console,leader,process}
}
