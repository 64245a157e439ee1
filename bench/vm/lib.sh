#!/bin/bash
# What is needed to boot the image in a virtual machine, for bench/vm/run and test/power/prepare, which
# source this: kernel and first root from Debian's cloud kernel, a disk from the image. Expects `die`,
# `repo` and `tmp`, a directory that the caller removes; sets `release`.
# Never: changes a setting, mounts a file system that others see, or loads a module on the host.

vm_here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# What the kernel needs to find its disk, then what our packet rules need: no udev loads them later.
modules=(virtio_pci virtio_blk nf_tables nft_ct nft_reject_inet nft_log nft_limit)
# systemd as the kernel's command line has it: no udev settles a console here.
# shellcheck disable=SC2034 # who sources this uses it
vm_append=(
  console=ttyS0 quiet loglevel=3 panic=1 mitigations=off systemd.firstboot=off
  systemd.mask=serial-getty@ttyS0.service systemd.mask=getty@tty1.service
  systemd.mask=kmod-static-nodes.service
)

check_machine() {
  local tool
  [ "$(id -u)" = 0 ] || die 77 "only root may stack the image's layers: run as root"
  [ "$(uname -m)" = x86_64 ] || die 69 "$(uname -m): the kernel and its console are those of x86_64"
  for tool in qemu-system-x86_64 busybox cpio modprobe depmod mke2fs dpkg-deb; do
    command -v "$tool" >/dev/null ||
      die 69 "$tool: missing: apt-get install qemu-system-x86 busybox-static cpio kmod e2fsprogs"
  done
}

# Unpacks the kernel package; sets release.
unpack_kernel() {
  local package deb=${KERNEL_DEB:-}
  if [ -z "$deb" ]; then
    package=$(apt-cache depends --important linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p')
    mkdir "$tmp/deb"
    (cd "$tmp/deb" && apt-get -qq -o APT::Sandbox::User=root download "$package") ||
      die 69 "${package:-cloud kernel}: cannot be downloaded: give KERNEL_DEB=FILE"
    deb=$(echo "$tmp/deb"/*.deb)
  fi
  dpkg-deb --extract "$deb" "$tmp/kernel"
  release=$(basename "$tmp/kernel"/lib/modules/*)
  depmod -b "$tmp/kernel" "$release"
}

# A first root with nothing but busybox, the modules in their order of loading, and /init.
make_initrd() {
  local root=$tmp/initrd path
  mkdir -p "$root"/{bin,modules,proc,sys,dev,new}
  cp "$(command -v busybox)" "$root/bin/busybox"
  modprobe --dirname "$tmp/kernel" --set-version "$release" --show-depends --all "${modules[@]}" |
    sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' >"$tmp/order"
  while read -r path; do
    cp "$path" "$root/modules/"
    basename "$path"
  done <"$tmp/order" >"$root/modules/order"
  cp "$vm_here/init" "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$tmp/initrd.gz"
}

# make_disk NAME [OPTION…]: the image as con-container makes it for nspawn, stacked with the files in
# $tmp/extra and read into $tmp/disk, while nobody makes it anew. The overlay is mounted in a namespace that
# ends with mke2fs.
make_disk() {
  local image=$repo/.cache/nspawn/default name=$1
  shift
  ENGINE=nspawn PROFILE=default NAME=$name "$repo/image/con-container" image >&2
  mkdir "$tmp/merged"
  # shellcheck disable=SC2016 # the inner shell expands these
  flock "$repo/.cache/lock" unshare --mount --propagation private -- /bin/sh -euc '
    mount -t overlay overlay -o "ro,lowerdir=$1" "$2"
    from=$2 to=$3
    shift 3
    mke2fs -q -F -t ext4 "$@" -N 400000 -d "$from" "$to" 3G
  ' sh "$tmp/extra:$image:$(cat "$image.lower")" "$tmp/merged" "$tmp/disk" "$@"
}
