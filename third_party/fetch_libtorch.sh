#!/usr/bin/env bash
# Fetches LibTorch: the `torch` wheel of PyPI, unpacked. Nothing is installed into any Python.
#
#   third_party/fetch_libtorch.sh [--cuda] [DIR]        DIR: .deps/libtorch of this checkout
#
# Leaves DIR/torch/{include,lib} and beside it the NVIDIA libraries that libtorch_cpu.so needs to load (its search path
# expects them there). --cuda adds everything a GPU needs: about 3 GB more. A complete tree of the same version is kept.
set -euo pipefail

version=2.11.0
# What this version of torch was built with. The first line is needed even without a GPU.
cpu_packages=("nvidia-cuda-runtime~=13.0.0" "nvidia-cuda-cupti~=13.0.0")
cuda_packages=("cuda-toolkit[cublas,cudart,cufft,cufile,cupti,curand,cusolver,cusparse,nvjitlink,nvrtc,nvtx]==13.0.2"
               "nvidia-cudnn-cu13==9.19.0.56" "nvidia-cusparselt-cu13==0.8.0" "nvidia-nccl-cu13==2.28.9"
               "nvidia-nvshmem-cu13==3.4.5")

fail() { echo "error: $*" >&2; exit 1; }

cuda=no
if [[ ${1:-} == --cuda ]]; then cuda=yes; shift; fi
target=${1:-$(dirname "$0")/../.deps/libtorch}
mkdir -p "$(dirname "$target")"
target=$(cd "$(dirname "$target")" && pwd)/$(basename "$target")

# A driver serves all versions of CUDA up to its own; better said before 3 GB are fetched than by the first training.
warn_about_driver() {
  local needed=13 served
  if ! command -v nvidia-smi >/dev/null; then
    echo "warning: there is no NVIDIA driver on this machine (no nvidia-smi); a GPU needs one for CUDA $needed or newer" >&2
    return
  fi
  served=$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: \([0-9]*\).*/\1/p')
  if [[ ${served:-0} -lt $needed ]]; then
    echo "warning: this LibTorch needs an NVIDIA driver for CUDA $needed or newer, the one here is for CUDA ${served:-unknown};" \
         "update it, or name a LibTorch for an older CUDA with MIXMIM_TORCH_ROOT=DIR" >&2
  fi
}
if [[ $cuda == yes ]]; then warn_about_driver; fi

complete() {
  grep -qs "'${version}[+']" "$target/torch/version.py" && [[ -e $target/torch/lib/libtorch_cpu.so ]] &&
    { [[ $cuda == no ]] || [[ -e $target/torch/lib/libtorch_cuda.so ]]; }
}
if complete; then exit 0; fi

machine=$(uname -m)
case $machine in
  x86_64 | aarch64) ;;
  *) fail "PyPI has no torch wheel for $machine; name your own LibTorch with MIXMIM_TORCH_ROOT=DIR" ;;
esac
python3 -m pip --version >/dev/null 2>&1 || fail "python3 with pip is needed to fetch LibTorch: apt-get install python3-pip"
command -v unzip >/dev/null || fail "unzip is needed to unpack LibTorch: apt-get install unzip"

# Everything happens in a temporary folder beside the target; the rename at the end makes it count.
work=$target.partial
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/wheels" "$work/tree"

# The Python version only chooses among equal wheels: the C++ libraries in them are the same.
download() {
  python3 -m pip download --quiet --no-cache-dir --only-binary=:all: --dest "$work/wheels" \
    --implementation cp --python-version 3.12 --abi cp312 --abi abi3 --abi none \
    --platform "manylinux_2_28_$machine" --platform "manylinux_2_27_$machine" --platform "manylinux_2_25_$machine" \
    --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" --platform any "$@" ||
    fail "LibTorch could not be fetched; check that pip reaches its package index: python3 -m pip download --no-deps torch==$version"
}
echo "Fetching LibTorch $version (torch wheel, 530 MB on x86_64) into $target"
download --no-deps "torch==$version"
if [[ $cuda == yes ]]; then download "${cuda_packages[@]}"; else download --no-deps "${cpu_packages[@]}"; fi

left_out=("torch/lib/libtorch_python*")
if [[ $cuda == no ]]; then left_out+=("torch/lib/libc10_cuda*" "torch/lib/libtorch_cuda*" "torch/lib/libtorch_nvshmem*"); fi
unzip -q "$work"/wheels/torch-*.whl "torch/include/*" "torch/lib/*" torch/version.py \
  -x "${left_out[@]}" -d "$work/tree"
for wheel in "$work"/wheels/nvidia_*.whl; do
  unzip -qo "$wheel" "nvidia/*" -d "$work/tree"
done

if [[ -e $target || -L $target ]]; then mv -T "$target" "$work/replaced"; fi
mv -T "$work/tree" "$target"
echo "LibTorch $version is ready"
