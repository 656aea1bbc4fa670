#!/usr/bin/env bash
# Installs the build tree, moves what was installed, and builds a stranger's OpenCV program against it, with CMake and with
# pkg-config. Then runs the program on a model that the installed mixmim exported, and uninstalls.
#   consumer_test.sh BUILD_FOLDER LIBDIR COMPILER FLAGS
set -euo pipefail
build=$1 libdir=$2 compiler=$3 flags=$4
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)

# The build tree's list of installed files is of the last installation, which should stay its user's.
manifest=$build/install_manifest.txt
if [[ -e $manifest ]]; then cp "$manifest" "$work/manifest"; fi
leave() {
  if [[ -e $work/manifest ]]; then cp "$work/manifest" "$manifest"; else rm -f "$manifest"; fi
  rm -rf "$work"
}
trap leave EXIT

fail() { echo "error: $*" >&2; exit 1; }

# logged COMMAND...: its output is shown only when it fails.
logged() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "$1 stopped"; }; }

# configure FOLDER [CMAKE OPTION...]
configure() {
  cmake -S "$here/app" -B "$work/$1" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_FLAGS="$flags" "${@:2}"
}

# check PROGRAM: three guesses, whose probabilities are numbers.
check() {
  "$1" "$work/model.onnx" >"$work/answers"
  cat "$work/answers"
  [[ $(grep -cE '^[0-2] [0-9.e-]+$' "$work/answers") == 3 ]] || fail "$1: expected three guesses"
}

# refused TEXT FOLDER [CMAKE OPTION...]: configuring must fail and give this reason.
refused() {
  if configure "${@:2}" >"$work/log" 2>&1; then fail "$2: was configured"; fi
  tr -s ' \n' '  ' <"$work/log" | grep -qF "$1" || { cat "$work/log"; fail "$2: expected the reason '$1'"; }
}

logged cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/moved"
prefix=$work/moved
"$prefix/bin/mixmim" export --model small --model.imageSize 64 --model.classes 3 --out "$work/model.onnx"
"$prefix/bin/mixmim" info --json | grep -qF "$prefix/$libdir/mixmim/dnn_network.so" ||
  fail "mixmim info: expected the plugin of the moved tree"

echo "samples"
logged "$prefix/bin/mixmim" make-shapes --out "$work/shapes" --per-class 2
picture=$(find "$work/shapes/train" -name '*.jpg' | sort | head -n 1)
"$prefix/bin/classify_image" "$work/model.onnx" "$picture" "$work/annotated.png"
"$prefix/bin/classify_folder" "$work/model.onnx" "$work/shapes/train" "$work/sheet.png"
[[ -s $work/annotated.png && -s $work/sheet.png ]] || fail "samples: expected two pictures"

echo "by CMake"
logged configure build
logged cmake --build "$work/build"
check "$work/build/consumer"

# snippet LANGUAGE: the first one in README.md
snippet() { awk -v fence="\`\`\`$1" '$0 == fence {inside = 1; next} /^```$/ && inside {exit} inside' "$here/../../README.md"; }
echo "the program of README.md"
mkdir "$work/readme"
snippet cpp >"$work/readme/main.cpp"
snippet cmake >"$work/readme/CMakeLists.txt"
logged cmake -S "$work/readme" -B "$work/readme/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_CXX_FLAGS="$flags"
logged cmake --build "$work/readme/build"
cp "$picture" "$work/picture.jpg"
(cd "$work" && readme/build/app)

echo "the samples, from their installed sources"
logged cmake -S "$prefix/share/mixmim/samples" -B "$work/samples" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags"
logged cmake --build "$work/samples"
logged "$work/samples/classify_image" "$work/model.onnx" "$picture"
[[ $(find "$prefix/bin" -name 'classify_*' -printf '%f\n' | sort) == $(cd "$work/samples" && ls -d classify_*) ]] ||
  fail "samples: expected the same programs as are installed"

echo "with another OpenCV"
mkdir "$work/other"
echo 'set(OpenCV_VERSION 99.1.0)
add_library(opencv_core INTERFACE IMPORTED)' >"$work/other/OpenCVConfig.cmake"
refused "the application uses 99.1.0" other_build -DOpenCV_DIR="$work/other"

echo "without the plugin"
mv "$prefix/$libdir/mixmim/dnn_network.so" "$work"
refused "the component deploy is not in $prefix/$libdir/mixmim" bare_build
mv "$work/dnn_network.so" "$prefix/$libdir/mixmim"

if command -v pkg-config >/dev/null && PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig pkg-config --exists opencv_mixmim; then
  echo "by pkg-config"
  export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
  read -ra options <<<"$flags $(pkg-config --cflags --libs opencv_mixmim)"
  logged "$compiler" -std=c++17 "$here/app/main.cpp" -o "$work/by_pkg_config" "${options[@]}" -Wl,-rpath,"$prefix/$libdir"
  check "$work/by_pkg_config"
fi

echo "uninstalled"
logged cmake --install "$build" --prefix "$work/second"
echo "not ours" >"$work/second/$libdir/mixmim/other.so"
logged cmake -P "$build/packaging/uninstall.cmake"
left=$(cd "$work/second" && find . ! -type d)
[[ $left == "./$libdir/mixmim/other.so" ]] || fail "uninstalled: expected what was not ours and nothing else, got: $left"
rm "$work/second/$libdir/mixmim/other.so"
logged cmake --install "$build" --prefix "$work/second"
logged cmake -P "$build/packaging/uninstall.cmake"
[[ ! -e $work/second ]] || fail "uninstalled: the empty folders are left"
if cmake -P "$build/packaging/uninstall.cmake" >"$work/log" 2>&1; then fail "uninstalled twice"; fi
