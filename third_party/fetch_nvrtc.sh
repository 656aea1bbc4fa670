#!/usr/bin/env bash
# Fetches NVRTC, NVIDIA's compiler as a library, with which tests compile the GPU kernels on machines without a GPU: the
# `nvidia-cuda-nvrtc` wheel of PyPI (90 MB), unpacked. Nothing is installed into any Python.
#
#   third_party/fetch_nvrtc.sh [DIR]        DIR: .deps/nvrtc of this checkout
set -euo pipefail
target=${1:-$(dirname "$0")/../.deps/nvrtc}
library=nvidia/cu13/lib/libnvrtc.so.13
if [[ -e $target/$library ]]; then exit 0; fi

work=$target.partial
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work/tree"
echo "Fetching NVRTC (nvidia-cuda-nvrtc) into $target"
python3 -m pip download --quiet --no-cache-dir --no-deps --only-binary=:all: --dest "$work" "nvidia-cuda-nvrtc~=13.0.0"
unzip -q "$work"/*.whl "nvidia/*" -x "*.alt.*" -d "$work/tree"
[[ -e $work/tree/$library ]] || { echo "error: the wheel has no $library" >&2; exit 1; }
rm -rf "$target"
mv -T "$work/tree" "$target"
