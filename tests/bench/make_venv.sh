#!/usr/bin/env bash
# Makes the Python environment with what `./run bench pipeline`, `train` or `predict` compares with.
#
#   tests/bench/make_venv.sh FOLDER TORCH_VERSION pipeline|train|predict
#
# Fetches about 4 GB from PyPI, once (the torch wheel brings CUDA), 100 MB for predict. A package that cannot be installed is named and left out;
# the benchmark then says what it lacks.
set -euo pipefail
folder=$1 torch=torch==$2
case $3 in
  pipeline) wanted=("pillow<13 numpy" "$torch torchvision timm" nvidia-dali-cuda120 mlx-data) ;;
  train) wanted=("$torch numpy") ;;
  predict) wanted=(numpy onnxruntime openvino) ;;
  *) echo "make_venv.sh: expected pipeline, train or predict, got '$3'" >&2; exit 2 ;;
esac
[[ -x $folder/bin/python ]] || python3 -m venv "$folder"
for packages in "${wanted[@]}"; do
  if grep -qsxF "$packages" "$folder/fetched"; then continue; fi
  echo "fetching $packages from PyPI into $folder"
  # shellcheck disable=SC2086  # several packages in one word
  if "$folder/bin/python" -m pip install --quiet --disable-pip-version-check $packages; then
    echo "$packages" >>"$folder/fetched"
  else
    echo "could not be installed, left out: $packages"
  fi
done
