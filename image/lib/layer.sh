# The part of the image that changes with the code: con's bundle, units, profiles, contracts.
# shellcheck shell=bash

# Stages what goes on top of base and runtime into DIRECTORY.
stage_layer() { # DIRECTORY
  local to=$1 lists
  [ -f "$repo/dist/con.mjs" ] || die 69 "dist/con.mjs: missing: run make build"
  install -d "$to"/usr/{bin,lib/con,lib/systemd/system} "$to"/usr/share/con/{build,profiles,contracts,schema}
  cp -R "$repo/dist/." "$to/usr/lib/con/"
  chmod 755 "$to/usr/lib/con/con.mjs"
  ln -s ../lib/con/con.mjs "$to/usr/bin/con"
  cp "$repo/build/sbom.ts" "$to/usr/lib/con/"
  cp -R "$repo/image/rootfs/." "$to/"
  cp -R "$repo/units/." "$to/usr/lib/systemd/system/"
  cp -R "$repo/configs/." "$to/usr/share/con/profiles/"
  mv "$to/usr/share/con/profiles/skills" "$to/usr/share/con/skills"
  cp -R "$repo/contracts/." "$to/usr/share/con/contracts/"
  # For editors: manifests name these in their first line.
  cp "$repo"/src/{config,contract}/schema/*.schema.json "$to/usr/share/con/schema/"
  install -d "$to/usr/lib/tmpfiles.d"
  # C copies only where /etc/con is empty: the first boot on new data.
  echo "C /etc/con - - - - /usr/share/con/profiles/$(config_profile)" >"$to/usr/lib/tmpfiles.d/con-profile.conf"
  mapfile -t lists < <(package_lists)
  cp "$repo/image/setup" "${lists[@]}" "$to/usr/share/con/build/"
  chmod -R u=rwX,go=rX "$to"
  [ "$(id -u)" != 0 ] || chown -R 0:0 "$to"
}

# For nspawn: the layer as a directory that overlayfs stacks on the base, with the same last step that
# the Containerfile has (`setup enable`) done in it.
build_layer() {
  local to=$build/nspawn/$profile
  ensure_base
  ensure_runtime
  lock "$build/lock"
  rm -rf --one-file-system "$to.part" "$to.work"
  stage_layer "$to.part"
  mkdir -p "$to.work/root" "$to.work/work"
  # The mounts live in a namespace of their own and go with it.
  unshare --mount --propagation private -- "$repo/image/lib/in-overlay" \
    "$runtime_dir:$base_stack" "$to.part" "$to.work" /usr/share/con/build/setup enable
  printf '%s\n' "$runtime_dir:$base_stack" >"$to.part.lower"
  rm -rf --one-file-system "$to.work" "$to"
  mv -T "$to.part.lower" "$to.lower"
  mv -T "$to.part" "$to"
  unlock
}
