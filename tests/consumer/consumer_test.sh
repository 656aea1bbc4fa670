#!/usr/bin/env bash
# Installs the build tree, moves what was installed, and builds a stranger's OpenCV program against it, with CMake and with
# pkg-config. Then runs the program on a model that the installed mixmim exported.
#   consumer_test.sh BUILD_FOLDER LIBDIR
set -euo pipefail
build=$1 libdir=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/moved"
prefix=$work/moved
"$prefix/bin/mixmim" export --model small --model.imageSize 64 --model.classes 3 --out "$work/model.onnx"

# check PROGRAM: three guesses, whose probabilities are numbers.
check() {
  "$1" "$work/model.onnx" >"$work/answers"
  cat "$work/answers"
  [[ $(grep -cE '^[0-2] [0-9.e-]+$' "$work/answers") == 3 ]]
}

cmake -S "$here/app" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
cmake --build "$work/build" >"$work/build.log" || { cat "$work/build.log"; exit 1; }
check "$work/build/consumer"

if command -v pkg-config >/dev/null && pkg-config --exists opencv4; then
  export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
  read -ra flags <<<"$(pkg-config --cflags opencv_mixmim)"
  read -ra libraries <<<"$(pkg-config --libs-only-L --libs-only-l opencv_mixmim)"
  c++ -std=c++17 "${flags[@]}" "$here/app/main.cpp" -o "$work/by_pkg_config" -L"$prefix/$libdir" -lopencv_mixmim \
    "${libraries[@]}" -Wl,-rpath,"$prefix/$libdir"
  check "$work/by_pkg_config"
fi
