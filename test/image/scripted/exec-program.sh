#!/bin/bash
# A program that does an agent's tasks, for tests: what it does is in the text of the task.
input=$(cat)
case "$input" in
*"do echo"*)
  echo "first word of a log" >&2
  echo "$CON_AGENT $CON_FROM $CON_TRUST $CON_TASK_ID"
  echo "$input"
  ;;
*"do fail"*)
  echo "the disk of the moon is full" >&2
  exit 3
  ;;
*"do defer"*)
  echo "not before noon" >&2
  exit 75
  ;;
*"do flood"*)
  yes
  ;;
*"do die"*)
  kill -SEGV $$
  ;;
*"do hang"*)
  setsid sleep 1001 &
  (setsid sleep 1002 &)
  echo here >hanging
  sleep 1003
  ;;
*"do attack"*)
  base=/srv/con/agents/$CON_AGENT
  tell() { if "${@:2}" >/dev/null 2>&1; then echo "$1 yes"; else echo "$1 no"; fi; }
  tell workspace ls "$base/workspace"
  tell state ls "$base/state"
  tell inbox ls "$base/inbox"
  tell queue ls "$base/queue"
  tell other ls /srv/con/agents/concierge/workspace
  tell gateway test -e "$1"
  tell configuration ls /etc/con
  tell compiled ls /var/lib/con/compiled
  tell device test -e /dev/nvidia0
  tell read_device head -c 1 /dev/nvidia0
  tell secret grep -a -i -E 'token|key' /proc/self/environ
  echo "processes $(ls -d /proc/[0-9]* | wc -l | xargs -I{} test {} -lt 12 && echo few || echo many)"
  setsid sleep 1004 &
  (setsid sleep 1005 &)
  ;;
*)
  echo "no such thing"
  exit 64
  ;;
esac
