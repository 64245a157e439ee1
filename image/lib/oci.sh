# The engines podman and docker: the OCI image users run. $engine names which.
# shellcheck shell=bash

oci_tag() { echo "localhost/con:$profile"; }

oci_image() {
  local image context=$build/oci/$profile
  ensure_runtime
  lock "$build/lock"
  oci_choose_base
  rm -rf --one-file-system "$context"
  mkdir -p "$context"
  stage_layer "$context/layer"
  mv "$context/layer/usr/share/con/build" "$context/packages"
  mv "$context/packages/setup" "$context/setup"
  cp "$repo/image/Containerfile" "$context/"
  # Hard links where cache and checkout share a file system: Node alone is 100 MB.
  cp -Rl "$runtime_dir" "$context/runtime" 2>/dev/null || cp -R "$runtime_dir" "$context/runtime"
  # Debian's packages are all the build fetches; the host's network needs no set-up to reach them.
  "$engine" build --quiet --network host --build-arg "BASE=$image" --tag "$(oci_tag)" "$context" >/dev/null ||
    die 69 "$engine build: failed: see its lines above"
  unlock
}

# Sets image. BASE=IMAGE is taken as it is. Else Debian's image, where a registry is reachable; else, and
# with BASE=local, a base of Debian packages made here.
oci_choose_base() {
  image=${base:-debian:trixie-slim}
  if [ "$base" = local ]; then
    oci_local_base
  elif [ -z "$base" ] && ! "$engine" image inspect "$image" >/dev/null 2>&1 &&
    ! timeout 60 "$engine" pull --quiet "$image" >/dev/null 2>&1; then
    say "no image registry is reachable: the base is made from Debian packages"
    oci_local_base
  fi
}

# The Containerfile installs what the profile has beyond it.
oci_local_base() {
  ensure_base
  image=localhost/con-base:${base_dir##*-}
  if "$engine" image inspect "$image" >/dev/null 2>&1; then return; fi
  say "importing the Debian base into $engine"
  tar -C "$base_dir" --numeric-owner -c . | "$engine" import - "$image" >/dev/null ||
    die 69 "$engine import: failed: see its lines above"
}

oci_start() {
  local part arguments
  "$engine" image inspect "$(oci_tag)" >/dev/null 2>&1 ||
    die 69 "image $(oci_tag): not built: make image PROFILE=$profile ENGINE=$engine"
  oci_arguments
  for part in $(state_mounts); do arguments+=(--volume "$data/$part"); done
  if [ -n "$gpu" ]; then arguments+=(--device "$(cdi_device)"); fi
  "$engine" run --detach "${arguments[@]}" "$(oci_tag)" {lock_fd}>&- >/dev/null ||
    die 69 "$engine run: failed: see its lines above; where its network is the trouble," \
      "install iptables, or do without: NETWORK=none"
}

# What systemd, bubblewrap and per-uid packet rules need inside; the host's network is never shared.
oci_arguments() {
  arguments=(
    --name "$name" --hostname "$name" --cgroupns=private --network "$network"
    --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add LEASE --cap-add SYS_PTRACE --cap-add SYS_RESOURCE
    --security-opt seccomp=unconfined --security-opt label=disable --stop-timeout 30
  )
  case $engine in
    podman) arguments+=(--systemd=always --security-opt unmask=ALL)
      arguments+=(--ulimit "nofile=$(ulimit_up_to n 1048576)" --ulimit "nproc=$(ulimit_up_to u 32768)")
      ;;
    docker) arguments+=(--security-opt systempaths=unconfined --security-opt apparmor=unconfined
      --env container=docker --tmpfs /run --tmpfs /run/lock --tmpfs /tmp) ;;
  esac
}

# A resource limit for podman: this process's own hard limit, as a root without CAP_SYS_RESOURCE can set
# no higher one; and at most podman's default, to which podman 4.3 lowers itself before it starts runc.
ulimit_up_to() { # LETTER MAXIMUM
  local hard
  hard=$(ulimit "-H$1")
  if [ "$hard" = unlimited ] || [ "$hard" -gt "$2" ]; then hard=$2; fi
  echo "$hard:$hard"
}

oci_is_running() {
  [ "$("$engine" inspect --format '{{.State.Running}}' "$name" 2>/dev/null)" = true ]
}

oci_exec() { "$engine" exec --interactive "$name" /usr/bin/env -i "${exec_environment[@]}" "$@"; }

oci_console() { "$engine" logs --tail 20 "$name"; }

oci_shell() { "$engine" exec --interactive --tty "$name" /bin/bash -l; }

oci_stop() {
  if oci_is_running; then "$engine" stop --time 30 "$name" >/dev/null; fi
}

oci_remove() {
  if "$engine" container inspect "$name" >/dev/null 2>&1; then
    "$engine" rm --force "$name" >/dev/null
  fi
}
