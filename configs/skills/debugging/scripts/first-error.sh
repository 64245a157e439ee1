#!/bin/sh
# Prints the first lines of a log that look like an error, with two lines around each: first-error.sh LOG [HOW-MANY]
set -eu
log=${1:?usage: first-error.sh LOG [HOW-MANY]}
grep -n -i -m "${2:-3}" -B 2 -A 2 -E '\b(error|fatal|panic|exception|traceback|denied|refused|not found|no such|failed)\b' -- "$log" ||
  echo "no line of $log looks like an error"
