#!/usr/bin/env bash
# Makes the Python environment with the loaders that `./run bench pipeline` compares with.
#
#   tests/bench/make_venv.sh FOLDER
#
# Fetches about 4 GB from PyPI, once (the torch wheel brings CUDA). A package that cannot be installed is named and left out.
set -euo pipefail
folder=$1
[[ -f $folder/complete ]] && exit 0
echo "fetching other data loaders from PyPI into $folder (about 4 GB)"
rm -rf "$folder"
python3 -m venv "$folder"
for packages in "pillow<13 numpy" "torch torchvision timm" nvidia-dali-cuda120 mlx-data; do
  # shellcheck disable=SC2086  # several packages in one word
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check $packages ||
    echo "could not be installed, left out: $packages"
done
touch "$folder/complete"
