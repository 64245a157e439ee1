# The verbs of con-container, one function each.
# shellcheck shell=bash

verb_image() {
  choose_engine
  engine_call image
  say "image $profile is built for $engine"
}

verb_run() {
  lock "$machine.lock"
  if recall && engine_call is_running; then
    say "$name: runs already ($engine); for a new image under it: make deploy NAME=$name"
  else
    start_fresh
  fi
  unlock
  if ! wait_ready; then
    explain_boot
    exit 69
  fi
  connect_providers
  say "$name: ready for tasks ($engine, profile $profile, data in $data)"
}

# Settings of this call win over those of an earlier container of the same name.
start_fresh() {
  if [ -f "$machine/settings" ]; then (recall && engine_call remove); fi
  read_settings
  choose_engine
  cdi_check
  prepare_data
  mkdir -p "$machine"
  remember
  engine_call start
}

verb_stop() {
  lock "$machine.lock"
  recall || { say "$name: not running"; return; }
  engine_call stop
  engine_call remove
  rm -rf --one-file-system "$machine"
  unlock
  say "$name: stopped; its data stays in $data"
}

# A new image under the same data, with the settings the container was started with.
verb_deploy() {
  recall || die 69 "$name: not running: start it with: make run NAME=$name"
  engine_call image
  engine_call stop
  ENGINE=$engine PROFILE=$profile DATA=$data GPU=$gpu BASE=$base NETWORK=$network
  verb_run
}

# CMD is a command line for the container's shell; arguments are taken as they are.
verb_exec() {
  need_running
  if [ $# -gt 0 ]; then
    engine_call exec "$@"
  else
    [ -n "${CMD:-}" ] || die 64 'exec: no command: make exec CMD="systemctl status"'
    engine_call exec /bin/sh -c "$CMD"
  fi
}

verb_shell() {
  need_running
  if [ -t 0 ]; then engine_call shell; else engine_call exec /bin/bash; fi
}

verb_logs() {
  need_running
  engine_call exec journalctl --no-pager --lines 200 --unit 'con*' </dev/null
}

verb_status() {
  need_running
  printf '%s: %s, profile %s, data in %s\n' "$name" "$engine" "$profile" "$data"
  engine_call exec con status </dev/null
}

verb_task() {
  local options=()
  need_running
  [ -n "${MSG:-}" ] || die 64 'task: no message: make task MSG="What agents are running?"'
  [ -z "${AGENT:-}" ] || options+=(--agent "$AGENT")
  [ -z "${WAIT:-}" ] || options+=(--wait)
  printf '%s' "$MSG" | engine_call exec con task - "${options[@]}"
}

verb_demo() {
  local question='What agents are running in this conspiracy?'
  local which=
  [ "$name" = con ] || which=" NAME=$name"
  need_running
  printf '\n> %s\n\n' "$question"
  printf '%s' "$question" | engine_call exec con task - --wait
  cat <<TEXT

The answer was written by the concierge, woken by systemd, as the Linux user a-concierge.
  drop a task       echo 'hello' > $data/srv/inbox/hello.task
  read the answers  ls $data/srv/agents/concierge/outbox/
  ask from here     make task$which MSG="How full is the disk?" WAIT=1
  look inside       make status$which, make logs$which, make shell$which
  connect a model   README.md, "Connect a model"
  stop, keep data   make stop$which        remove the data: rm -r $data
TEXT
}

verb_help() {
  cat <<'TEXT'
con-container VERB, VERB one of
  image run stop deploy exec shell logs status task demo
Settings, from the environment:
  NAME=con            which container          PROFILE=minimal|default|web|full
  ENGINE=podman|docker|nspawn                  BASE=IMAGE|local  base image for podman and docker
  DATA=DIRECTORY      where state is kept      GPU=1|VENDOR/CLASS=NAME  devices by CDI
  NETWORK=MODE        for podman and docker    READY_TIMEOUT=90  seconds until a boot has failed
  CON_CACHE=/var/cache/con                     CON_MIRROR=URI    Debian mirror for the base
  MSG AGENT WAIT      for task                 CMD               for exec
TEXT
}
