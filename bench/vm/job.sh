#!/bin/bash
# job.sh: runs inside the virtual machine that bench/vm/run boots, as root, once.
# Makes the agents bench-0001 …, bootstraps twice, counts path units, and drops one task into as many
# inboxes as asked, evenly spread, in small waves; prints one line a fact and ends the machine.
# Settings, from the file beside it: agents, wakes, and the seconds that all of it may take.
set -euo pipefail
read -r agents wakes seconds </usr/lib/con-vm/settings
# How many tasks are under way at once: two emulated processors gain nothing from more.
wave=25

say() { printf '[%6s s] %s\n' "$(cut -d' ' -f1 /proc/uptime)" "$*"; }
uptime_s() { cut -d. -f1 /proc/uptime; }
name_of() { printf 'bench-%04d' "$1"; }
rss_anon() { sed -n 's/^RssAnon:[[:space:]]*//p' /proc/1/status; }

ended() {
  local code=$?
  echo "job ended with $code"
  sync
}

system() {
  say "system is $(systemctl is-system-running || true); kernel $(uname -r); $(nproc) processors"
  say "fs.inotify.max_user_instances is $(cat /proc/sys/fs/inotify/max_user_instances) from the image"
  say "control groups: $(stat -fc %T /sys/fs/cgroup): $(cat /sys/fs/cgroup/cgroup.controllers)"
  say "PID 1 RssAnon $(rss_anon)"
}

# With --host, because the packet rules of this machine are nobody else's. Exit code 78 tells of a
# finding; the last words are printed either way.
bootstrap() { # LABEL
  local code=0 from=$EPOCHREALTIME out=/run/bootstrap
  con bootstrap --host >"$out" 2>&1 || code=$?
  say "$1: code $code, $(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
  sed 's/^/    /' "$out" | tail -n 3
}

commission() {
  local index name
  for ((index = 1; index <= agents; index++)); do
    name=$(name_of "$index")
    printf 'name: %s\ndescription: Stands in a benchmark\ntier: worker\nmodel: fast\n' "$name" \
      >"/etc/con/agents.d/$name.yaml"
  done
  bootstrap "bootstrap of $agents more agents"
  say "PID 1 RssAnon $(rss_anon)"
  bootstrap "second bootstrap"
}

count_units() { # PATTERN
  systemctl list-units --no-legend --plain --state=active "$1" | wc -l
}

units() {
  local paths bells
  paths=$(count_units 'con@bench-*.path')
  bells=$(count_units 'con-bell@*.socket')
  say "active path units: $paths of $agents; bells: $bells; inotify instances of PID 1:" \
    "$(find /proc/1/fd -lname '*inotify*' | wc -l)"
  say "packet rules: $(nft list tables)"
  [ "$paths" = "$agents" ]
}

answered() { # NAME…: how many of these have a response
  local name found=0
  for name in "$@"; do
    if compgen -G "/srv/con/agents/$name/outbox/*.response" >/dev/null; then found=$((found + 1)); fi
  done
  echo "$found"
}

# Drops one task by rename and waits for the answers of the whole wave.
wake_wave() { # NAME…
  local name inbox
  for name in "$@"; do
    inbox=/srv/con/agents/$name/inbox
    printf 'benchmark\n--- end 10\n' >"$inbox/.wake.task"
    mv "$inbox/.wake.task" "$inbox/wake.task"
  done
  until [ "$(answered "$@")" = $# ]; do
    [ "$(uptime_s)" -lt "$limit" ] || return 1
    sleep 0.5
  done
}

# In an order that is spread evenly at every point: one of each fiftieth part, then its neighbours.
wake() {
  local done=0 from names=() index offset step=$((agents > 50 ? agents / 50 : 1))
  from=$(uptime_s)
  for ((offset = 1; offset <= step; offset++)); do
    for ((index = offset; index <= agents; index += step)); do names+=("$(name_of "$index")"); done
  done
  names=("${names[@]:0:wakes}")
  while [ "$done" -lt "$wakes" ] && wake_wave "${names[@]:done:wave}"; do
    done=$((done + wave < wakes ? done + wave : wakes))
    [ $((done % 50)) != 0 ] || say "woken and answered: $done"
  done
  done=$(answered "${names[@]}")
  say "answered: $done of $wakes in $(($(uptime_s) - from)) s; PID 1 RssAnon $(rss_anon);" \
    "path units active: $(count_units 'con@bench-*.path')"
  [ "$done" = "$wakes" ]
}

# The limits of one agent as the kernel holds them, and one of them broken.
limits() {
  local unit=con@concierge.service group
  printf 'benchmark\n--- end 10\n' >/srv/con/agents/concierge/inbox/limits.task
  until group=$(systemctl show -P ControlGroup "$unit") && [ -e "/sys/fs/cgroup$group/pids.max" ] &&
    [ -n "$group" ]; do sleep 0.1; done
  say "$unit: memory.max $(cat "/sys/fs/cgroup$group/memory.max")," \
    "pids.max $(cat "/sys/fs/cgroup$group/pids.max"), cpu.max $(cat "/sys/fs/cgroup$group/cpu.max")"
  say "a process of 256 MiB under MemoryMax=64M ends with: $(systemd-run --wait --quiet \
    -p MemoryMax=64M -p MemorySwapMax=0 --unit=limit-memory \
    /usr/bin/node -e 'Buffer.alloc(256 << 20, 1)' 2>&1 || systemctl show -P Result limit-memory)"
}

trap ended EXIT
limit=$((seconds - 60))
system
commission
units
limits
wake
