#!/usr/bin/env bash
# Makes a Python virtual environment for every ONNX reader our models are compared in (the tests onnx_wheels.*).
#
#   tests/onnx_matrix/make_venvs.sh [FOLDER]        default: build/onnx_venvs
#
# Fetches about 200 MB from PyPI, once: an environment that is complete is left alone. Fails if one could not be made;
# the others are usable all the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=${1:-build/onnx_venvs}

# make NAME REQUIREMENT...
make() {
  local venv=$folder/$1
  shift
  if [[ "$(cat "$venv/complete" 2>/dev/null)" == "$*" ]]; then return 0; fi
  echo "fetching $* from PyPI into $venv"
  rm -rf "$venv"
  python3 -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" &&
    echo "$*" >"$venv/complete"
}

status=0
make onnxruntime "onnxruntime>=1.17,<2" "onnx>=1.15,<2" || status=1
make opencv4 "opencv-python-headless>=4.10,<5" || status=1
make opencv5 "opencv-python-headless>=5,<6" || status=1
exit "$status"
