# Node and the native modules that the bundle loads at run time, cached under CON_CACHE by a hash of
# their versions and of this file. Built beside its place and renamed: a directory that exists is whole.
# shellcheck shell=bash

# Sets runtime_dir to a tree with Node and the native modules that the bundle loads at run time.
ensure_runtime() {
  local modules=$repo/node_modules packages
  packages=("node-linux-$arch" koffi "@koromix/koffi-linux-$arch" better-sqlite3
    sqlite-vec "sqlite-vec-linux-$arch" playwright-core)
  [ -x "$modules/node-linux-$arch/bin/node" ] ||
    die 69 "node_modules/node-linux-$arch: missing: run npm ci"
  runtime_dir=$cache/runtime-$arch-$(cd "$modules" && cat "${packages[@]/%//package.json}" "$repo/image/lib/runtime.sh" |
    key_of)
  [ ! -d "$runtime_dir" ] || return 0
  lock "$cache/lock"
  [ -d "$runtime_dir" ] || make_runtime "$modules"
  unlock
}

loads='import("koffi").then(() => require("sqlite-vec").load(new (require("better-sqlite3"))(":memory:")))
  .then(() => require("playwright-core").chromium.name())'

make_runtime() { # NODE_MODULES
  local part=$runtime_dir.part lib
  lib=$part/usr/lib/con
  say "staging Node"
  rm -rf --one-file-system "$part"
  install -D -m 755 "$1/node-linux-$arch/bin/node" "$lib/node/bin/node"
  if have strip; then strip "$lib/node/bin/node"; fi
  install -d "$part/usr/bin" "$lib/node_modules/@koromix" "$lib/node_modules/better-sqlite3/prebuilds"
  ln -s ../lib/con/node/bin/node "$part/usr/bin/node"
  cp -R "$1/@koromix/koffi-linux-$arch" "$lib/node_modules/@koromix/"
  cp -R "$1/koffi" "$lib/node_modules/"
  rm -r "$lib/node_modules/koffi"/{doc,vendor}
  cp -R "$1"/better-sqlite3/{package.json,lib,LICENSE} "$lib/node_modules/better-sqlite3/"
  cp "$1/better-sqlite3/prebuilds/linux-$arch.node" "$lib/node_modules/better-sqlite3/prebuilds/"
  cp -R "$1"/{sqlite-vec,"sqlite-vec-linux-$arch"} "$lib/node_modules/"
  # Without its own reports and trace viewer.
  cp -R "$1/playwright-core" "$lib/node_modules/"
  rm -r "$lib/node_modules/playwright-core"/{types,bin,lib/vite}
  chmod -R u=rwX,go=rX "$part"
  chown -R 0:0 "$part"
  (cd "$lib" && node/bin/node -e "$loads") ||
    die 70 "the staged Node cannot load its native modules: see its lines above"
  mv -T "$part" "$runtime_dir"
}
