# The part of the image that changes least: Debian's packages, cached under CON_CACHE by a hash of the
# package lists and of this file. Built beside its place and renamed: a directory that exists is whole.
# shellcheck shell=bash

suite=trixie
# Documentation and translations: half of a minimal Debian, of no use to an agent.
trim=(
  path-exclude='/usr/share/doc/*' path-include='/usr/share/doc/*/copyright'
  path-exclude='/usr/share/man/*' path-exclude='/usr/share/locale/*' path-exclude='/usr/share/info/*'
)

key_of() { sha256sum | cut -c1-16; }

# Sets base_dir to a root file system, and base_stack to the directories that overlayfs makes the one with
# all packages of: lists after the default one lie in a layer each. Makes what the cache has not.
ensure_base() {
  local lists list
  mapfile -t lists < <(package_lists)
  ensure_bottom "${lists[@]:0:2}"
  base_stack=$base_dir
  for list in "${lists[@]:2}"; do ensure_more "$list"; done
}

ensure_bottom() { # LIST…
  local lists=("$@")
  base_dir=$cache/base-$(config_profile)-$(cat "${lists[@]}" "$repo/image/lib/base.sh" | key_of)
  [ ! -d "$base_dir" ] || return 0
  need_root "making a Debian base"
  have mmdebstrap || die 69 "mmdebstrap: not installed: apt-get install mmdebstrap, or give BASE=IMAGE"
  lock "$cache/lock"
  [ -d "$base_dir" ] || make_base "${lists[@]}"
  unlock
}

make_base() { # LIST…
  local packages sources option options=() part=$base_dir.part
  packages=$(sed -e 's/#.*//' "$@" | xargs | tr ' ' ,)
  sources=$(apt_sources)
  say "making the Debian $suite base (once; about half a minute)"
  rm -rf --one-file-system "$part"
  for option in "${trim[@]}"; do options+=(--dpkgopt="$option"); done
  printf '%s\n' "$sources" | mmdebstrap --quiet --mode=root --variant=minbase \
    --include="$packages" --aptopt='Apt::Install-Recommends "false"' "${options[@]}" \
    "$suite" "$part" - || die 69 "mmdebstrap: could not make the base: see its lines above"
  # What mmdebstrap took over from this host; each container has its own.
  rm -f "$part"/etc/{hostname,resolv.conf}
  : >"$part/etc/machine-id"
  mv -T "$part" "$base_dir"
}

# The mirrors this host's apt uses, for our suite. CON_MIRROR names another.
apt_sources() {
  local codename uri release component found=
  if [ -n "${CON_MIRROR:-}" ]; then
    echo "deb $CON_MIRROR $suite main"
    return
  fi
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  # shellcheck disable=SC2016 # apt expands these names
  while read -r uri release component; do
    [[ $component == main && ($release == "$codename" || $release == "$codename"-*) ]] || continue
    echo "deb $uri ${release/#$codename/$suite} main"
    found=yes
  done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages')
  [ -n "$found" ] ||
    die 69 "apt: names no Debian mirror for $codename: give CON_MIRROR=URI or BASE=IMAGE"
}
