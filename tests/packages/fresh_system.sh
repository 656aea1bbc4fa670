#!/usr/bin/env bash
# Installs the packages on a fresh Debian, uses them as three kinds of people would, removes them, and looks for what is left.
#
#   fresh_system.sh PACKAGES [SUITE]        PACKAGES: the folder that cpack filled; SUITE: bookworm (default) or trixie
#
# Run as root; needs debootstrap and a network. With MIXMIM_TORCH_ROOT=DIR the training plugin is tried with that LibTorch.
# Everything happens in a temporary folder, which is removed; the network settings and certificates of this machine are copied
# into it. DEBIAN_MIRROR=URL names another mirror.
set -euo pipefail
packages=$(cd "$1" && pwd) suite=${2:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)

fail() { echo "error: $*" >&2; exit 1; }

leave() {
  local place
  for place in opt/libtorch proc dev; do
    if mountpoint -q "$root/$place"; then umount "$root/$place"; fi
  done
  if ! mount | grep -q " $root/"; then rm -rf "$root"; fi
}
trap leave EXIT

# inside COMMAND: by the shell of the fresh system, with nothing of this one's environment.
inside() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive chroot "$root" bash -euo pipefail -c "$1"
}

# quietly COMMAND: its output only if it fails.
quietly() { inside "$1" >"$root/log" 2>&1 || { tail -n 40 "$root/log"; fail "$1"; }; }

echo "a fresh $suite"
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
  { tail "$root.log"; fail "debootstrap stopped"; }
rm -f "$root.log"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir "$root/packages" "$root/app"
cp "$packages"/*.deb "$root/packages"
cp "$here"/../consumer/app/* "$root/app"
quietly "apt-get update -q"
inside "find / -xdev ! -path '/proc/*' ! -path '/dev/*' | sort" >"$root/before"

echo "the program and the library"
quietly "apt-get install -y -q --no-install-recommends /packages/libopencv-mixmim_*.deb /packages/mixmim_*.deb"
inside "! dpkg -s g++ cmake libopencv-dev >/dev/null 2>&1" || fail "compilers and headers came with the program"
inside "mixmim info && mixmim export --model small --size 64 --model.classes 3 --out /model.onnx
        mixmim make-shapes --out /shapes --per-class 2 >/dev/null
        classify_image /model.onnx /shapes/train/arrow/00000.jpg /annotated.png
        classify_folder /model.onnx /shapes/val /sheet.png
        search_by_features /model.onnx /shapes /shapes/train/square/00000.jpg 3
        ls -l /annotated.png /sheet.png" || fail "the program does not work"

echo "somebody's own program"
quietly "apt-get install -y -q --no-install-recommends g++ cmake make pkg-config /packages/libopencv-mixmim-dev_*.deb"
quietly "cmake -S /app -B /app/build && cmake --build /app/build"
inside "/app/build/consumer /model.onnx"
quietly "g++ -std=c++17 /app/main.cpp -o /app/by_pkg_config \$(pkg-config --cflags --libs opencv_mixmim)"
inside "/app/by_pkg_config /model.onnx"
quietly "cp -r /usr/share/mixmim/samples /samples && cmake -S /samples -B /samples/build && cmake --build /samples/build"
inside "/samples/build/classify_image /model.onnx /annotated.png"

if compgen -G "$packages/mixmim-torch-trainer_*.deb" >/dev/null; then
  echo "training"
  quietly "apt-get install -y -q --no-install-recommends /packages/mixmim-torch-trainer_*.deb"
  plugins=$(inside "dirname \$(dpkg -L mixmim-torch-trainer | grep torch_trainer.so)")
  run="mixmim pretrain --data /shapes/train --out /run --overwrite --model small --size 64 --batch 4 --epochs 1"
  if inside "$run" >"$root/log" 2>&1; then fail "training worked without LibTorch"; fi
  grep -F "LibTorch is looked for in $plugins/libtorch/torch/lib: mixmim-fetch-libtorch brings it there" "$root/log" ||
    { cat "$root/log"; fail "expected to hear where LibTorch belongs"; }
  if [[ -n ${MIXMIM_TORCH_ROOT:-} ]]; then
    mkdir -p "$root/opt/libtorch"
    mount --bind -o ro "$(dirname "$MIXMIM_TORCH_ROOT")" "$root/opt/libtorch"
    inside "mkdir $plugins/libtorch && ln -s /opt/libtorch/$(basename "$MIXMIM_TORCH_ROOT") $plugins/libtorch/torch"
    inside "$run && mixmim show --init /run /annotated.png /shapes/train/square/00000.jpg --out /shown.png"
  fi
fi

echo "gone again"
ours=$(inside "dpkg-query -W -f '\${Package}\n' | grep mixmim" | xargs)
inside "dpkg -L $ours | grep -x '/[^.].*' | sort -u" >"$root/installed"
quietly "apt-get purge -y -q $ours"
inside "dpkg-query -W -f '\${Package} \${Status}\n' | grep mixmim" && fail "the packages are not gone"
while read -r path; do
  grep -qxF "$path" "$root/before" || [[ ! -e $root$path ]] || inside "dpkg -S '$path'" >/dev/null 2>&1 ||
    fail "left behind: $path"
done <"$root/installed"
inside "find /usr /etc /var/lib /opt -xdev -iname '*mixmim*' ! -path '/opt/libtorch/*'" | (! grep .) || fail "the files above are left"
echo "nothing is left"
