#!/usr/bin/env bash
# Installs the packages on a fresh Debian, uses them as three kinds of people would, removes them, and looks for what is left.
#
#   fresh_system.sh PACKAGES [SUITE]        PACKAGES: the folder that cpack filled; SUITE: bookworm (default) or trixie
#
# With MIXMIM_TORCH_ROOT=DIR the training plugin is tried with that LibTorch. fresh_build.sh makes packages for another Debian
# than this machine's. What it needs: fresh_root.sh.
set -euo pipefail
packages=$(cd "$1" && pwd) suite=${2:-bookworm}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/packages/fresh_root.sh
source "$here/fresh_root.sh"

makeRoot "$suite"
mkdir "$root/packages" "$root/app"
cp "$packages"/*.deb "$root/packages"
cp "$here"/../consumer/app/* "$root/app"
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
    inside "mkdir $plugins/libtorch && ln -s /opt/libtorch/torch $plugins/libtorch/torch"
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
