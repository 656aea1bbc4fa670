#!/usr/bin/env bash
# Builds this checkout on a fresh Debian as its README says, installs it, moves what was installed, uninstalls, and makes the
# packages of that Debian, for fresh_system.sh.
#
#   fresh_build.sh PACKAGES [SUITE]        PACKAGES: the folder for the packages; SUITE: bookworm (default) or trixie
#
# With MIXMIM_TORCH_ROOT=DIR the training plugin is built with that LibTorch, else left out. About half an hour on two cores.
set -euo pipefail
mkdir -p "$1"
packages=$(cd "$1" && pwd) suite=${2:-bookworm}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/packages/fresh_root.sh
source "$here/fresh_root.sh"

makeRoot "$suite"
mkdir "$root/src"
git -C "$here/../.." archive HEAD | tar x -C "$root/src"
torch=-DMIXMIM_TORCH=OFF
if [[ -n ${MIXMIM_TORCH_ROOT:-} ]]; then torch=-DMIXMIM_TORCH_ROOT=/opt/libtorch/torch; fi

echo "built from source"
quietly "cd /src && third_party/install_packages.sh build"
quietly "cd /src && cmake --preset packages $torch && cmake --build build-packages --parallel $(nproc)"

echo "installed, moved, uninstalled"
inside "find / -xdev ! -path '/proc/*' ! -path '/dev/*' ! -path '/src/*' | sort" >"$root.before"
quietly "cmake --install /src/build-packages --prefix /opt/mixmim && cp -a /opt/mixmim /moved"
quietly "cmake --build /src/build-packages --target uninstall"
inside "find / -xdev ! -path '/proc/*' ! -path '/dev/*' ! -path '/src/*' ! -path '/moved*' | sort" >"$root.after"
diff "$root.before" "$root.after" | grep '^>' && fail "the files above are left"
rm "$root.before" "$root.after"
inside "/moved/bin/mixmim info && /moved/bin/mixmim info --json | grep -q '\"path\":\"/moved/'" || fail "expected plugins in /moved"
inside "/moved/bin/mixmim export --model small --size 64 --model.classes 3 --out /model.onnx
        /moved/bin/mixmim make-shapes --out /shapes --per-class 2 >/dev/null
        /moved/bin/classify_folder /model.onnx /shapes/val /sheet.png" || fail "the moved tree does not work"
if [[ -n ${MIXMIM_TORCH_ROOT:-} ]]; then
  quietly "/moved/bin/mixmim pretrain --data /shapes/train --out /run --model small --size 64 --batch 4 --epochs 1"
fi

echo "packages"
quietly "cd /src/build-packages && cpack -G DEB"
cp "$root"/src/build-packages/packages/*.deb "$packages"
ls -l "$packages"
