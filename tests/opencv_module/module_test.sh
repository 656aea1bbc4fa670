#!/usr/bin/env bash
# Configures modules/mixmim as OpenCV would, and alone; nothing is compiled.
#   module_test.sh MODULE_FOLDER COMPILER OPENCV_DIR
set -euo pipefail
module=$1 compiler=$2 opencv=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "error: $*" >&2; exit 1; }

# configure SOURCE NAME [CMAKE OPTION...]
configure() {
  cmake -S "$1" -B "$work/$2" -DCMAKE_CXX_COMPILER="$compiler" -DOpenCV_DIR="$opencv" "${@:3}" >"$work/log" 2>&1 ||
    { cat "$work/log"; fail "$2: was not configured"; }
}

echo "as an extra module of OpenCV"
configure "$here/stand_in" stand_in -DMODULE="$module"
files=$(find "$module/src" -name '*.cpp' | wc -l)
grep -F "registered: opencv_mixmim;opencv_core;opencv_imgproc;opencv_imgcodecs; C++17, $files sources" "$work/log" ||
  { cat "$work/log"; fail "expected the module with its $files sources in C++17"; }

echo "alone"
configure "$module" alone
cmake --build "$work/alone" --target help >"$work/targets"
grep -q opencv_mixmim "$work/targets" || fail "alone: expected the target opencv_mixmim"
