# Profiles, and the packages that the bigger ones have on top of the default one: a layer each, cached under
# CON_CACHE by a hash of its list and of what lies below. Built beside its place and renamed: a directory that
# exists is whole.
# shellcheck shell=bash

# Each profile has the packages of those before it.
all_profiles=(minimal default web full)

package_lists() {
  local each
  for each in "${all_profiles[@]}"; do
    echo "$repo/image/packages/$each.list"
    [ "$each" != "$profile" ] || return 0
  done
}

# What con's own configuration begins with: the bigger profiles differ in packages alone.
config_profile() { if [ "$profile" = minimal ]; then echo minimal; else echo default; fi; }

ensure_more() { # LIST
  local more
  more=$cache/more-$(basename "$1" .list)-$( (echo "$base_stack"; cat "$1" "$repo/image/lib/profile.sh") | key_of)
  if [ ! -d "$more" ]; then
    need_root "installing Debian packages"
    lock "$cache/lock"
    [ -d "$more" ] || make_more "$1" "$more"
    unlock
  fi
  base_stack=$more:$base_stack
}

make_more() { # LIST DIRECTORY
  local part=$2.part file
  say "installing the Debian packages of $(basename "$1") (once)"
  rm -rf --one-file-system "$part" "$part.work"
  mkdir -p "$part.work/root" "$part.work/work" "$part/run/con-build"
  cp "$repo/image/setup" "$1" "$part/run/con-build/"
  install -D -m 644 /etc/resolv.conf "$part/etc/resolv.conf"
  file=/run/con-build/$(basename "$1")
  unshare --mount --propagation private -- "$repo/image/lib/in-overlay" \
    "$base_stack" "$part" "$part.work" /run/con-build/setup packages "$file" >"$part.work/log" 2>&1 ||
    die 69 "apt-get: could not install $(basename "$1"): $(tail -n 5 "$part.work/log")"
  rm -rf --one-file-system "$part.work" "$part/run" "$part/etc/resolv.conf"
  mv -T "$part" "$2"
}
