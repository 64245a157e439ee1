# GPUs by the Container Device Interface: a specification on the host names devices of a kind.
# shellcheck shell=bash

# GPU=1 is every NVIDIA GPU; anything else is a device by its full CDI name, VENDOR/CLASS=NAME.
cdi_device() {
  case $gpu in
    1 | yes | true) echo nvidia.com/gpu=all ;;
    *) echo "$gpu" ;;
  esac
}

cdi_check() {
  local device kind
  [ -n "$gpu" ] || return 0
  device=$(cdi_device)
  [[ $device =~ ^[a-z0-9.-]+/[A-Za-z0-9_-]+=[A-Za-z0-9_.:-]+$ ]] ||
    die 64 "GPU=$gpu: not a CDI device: use 1 or VENDOR/CLASS=NAME"
  kind=${device%=*}
  cdi_has_kind "$kind" ||
    die 69 "GPU: this host has no CDI specification for $kind in /etc/cdi or /var/run/cdi:" \
      "$(cdi_remedy "$kind")"
}

cdi_remedy() { # KIND
  case $1 in
    nvidia.com/gpu)
      echo "install NVIDIA's container toolkit, then: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
      ;;
    *) echo "its vendor's tool writes one; see that ${1%/*}'s driver is installed" ;;
  esac
}

cdi_has_kind() { # KIND
  local files=() quote="[\"']?"
  shopt -s nullglob
  files=(/etc/cdi/*.json /etc/cdi/*.yaml /var/run/cdi/*.json /var/run/cdi/*.yaml)
  shopt -u nullglob
  [ ${#files[@]} -gt 0 ] || return 1
  grep -Eqs "${quote}kind$quote[[:space:]]*:[[:space:]]*$quote${1//./\\.}($quote[[:space:],]|$quote\$)" \
    "${files[@]}"
}
