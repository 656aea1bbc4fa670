#!/usr/bin/env bash
# A LibTorch for a GPU is fetched with a warning where the driver will not do. Nothing is fetched here, because the tree
# that the script would make is there.
#   fetch_libtorch_test.sh FETCH_LIBTORCH
set -euo pipefail
fetch=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
version=$(sed -n 's/^version=//p' "$fetch")
mkdir -p "$folder/tree/torch/lib" "$folder/bin"
echo "__version__ = '$version+cu130'" >"$folder/tree/torch/version.py"
touch "$folder/tree/torch/lib/libtorch_cpu.so" "$folder/tree/torch/lib/libtorch_cuda.so"
for tool in bash sed dirname basename mkdir grep; do ln -s "$(command -v "$tool")" "$folder/bin"; done

# expect WARNING [OPTION...]
expect() {
  local said
  said=$(PATH=$folder/bin bash "$fetch" "${@:2}" "$folder/tree" 2>&1)
  if [[ $said != "$1" ]]; then
    echo "expected: $1; got: $said" >&2
    exit 1
  fi
}
driver() {  # VERSION
  printf '#!%s\necho "| NVIDIA-SMI 5   Driver Version: 5   CUDA Version: %s |"\n' "$folder/bin/bash" "$1" >"$folder/bin/nvidia-smi"
  chmod +x "$folder/bin/nvidia-smi"
}

none="warning: there is no NVIDIA driver on this machine (no nvidia-smi); a GPU needs one for CUDA 13 or newer"
old="warning: this LibTorch needs an NVIDIA driver for CUDA 13 or newer, the one here is for CUDA 12; update it, or name a \
LibTorch for an older CUDA with MIXMIM_TORCH_ROOT=DIR"
expect "$none" --cuda
expect ""
driver 12.4
expect "$old" --cuda
driver 13.1
expect "" --cuda
