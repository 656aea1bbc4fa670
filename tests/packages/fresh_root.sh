# A fresh Debian in a temporary folder, for fresh_build.sh and fresh_system.sh to source. Removed when the script ends.
#
# Needs root, debootstrap and a network; the network settings, certificates and pip's settings of this machine are copied
# into it. DEBIAN_MIRROR=URL names another mirror. MIXMIM_TORCH_ROOT=DIR is there as /opt/libtorch/torch.
# shellcheck shell=bash

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
root=$(mktemp -d)

fail() { echo "error: $*" >&2; exit 1; }

leaveRoot() {
  local place
  for place in opt/libtorch proc dev; do
    if mountpoint -q "$root/$place"; then umount "$root/$place"; fi
  done
  if ! mount | grep -q " $root/"; then rm -rf "$root"; fi
}
trap leaveRoot EXIT

# makeRoot SUITE
makeRoot() {
  echo "a fresh $1"
  debootstrap --variant=minbase --include=ca-certificates "$1" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail "$root.log"; fail "debootstrap stopped"; }
  rm -f "$root.log"
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  if [[ -e /etc/pip.conf ]]; then cp -L /etc/pip.conf "$root/etc/"; fi
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
  if [[ -n ${MIXMIM_TORCH_ROOT:-} ]]; then
    mkdir -p "$root/opt/libtorch"
    mount --bind -o ro "$(dirname "$(readlink -f "$MIXMIM_TORCH_ROOT")")" "$root/opt/libtorch"
  fi
  quietly "apt-get update -q"
}

# inside COMMAND: by the shell of the fresh system, with nothing of this one's environment.
inside() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive chroot "$root" bash -euo pipefail -c "$1"
}

# quietly COMMAND: its output only if it fails.
quietly() { inside "$1" >"$root/log" 2>&1 || { tail -n 40 "$root/log"; fail "$1"; }; }
