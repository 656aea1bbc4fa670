#!/usr/bin/env bash
# Makes the Debian packages, looks into them, and runs the programs in them from where they were unpacked.
#   packages_test.sh BUILD_FOLDER VERSION PACKAGE...
set -euo pipefail
build=$1 version=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "error: $*" >&2; exit 1; }

for tool in dpkg-deb dpkg-shlibdeps file readelf; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool here"; exit 77; }
done

logged() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "$1 stopped"; }; }

# deb PACKAGE: its file.
deb() { find "$work/packages" -name "$1_${version}_*.deb"; }

# holds PACKAGE PATTERN...: a file for each pattern, which are extended regular expressions for whole paths.
holds() {
  local package=$1 pattern
  shift
  for pattern in "$@"; do
    grep -qxE "\./usr/$pattern" "$work/$package.files" || { cat "$work/$package.files"; fail "$package: expected usr/$pattern"; }
  done
}

# field PACKAGE FIELD PATTERN
field() {
  local text
  text=$(dpkg-deb -f "$(deb "$1")" "$2")
  [[ $text =~ $3 ]] || fail "$1: expected $2 with '$3', got '$text'"
}

logged cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/cpack" -D CPACK_OUTPUT_FILE_PREFIX="$work/packages"
made=$(cd "$work/packages" && printf '%s\n' *.deb | sed "s/_.*//" | sort | xargs)
[[ $made == "$(printf '%s\n' "$@" | sort | xargs)" ]] || fail "expected the packages $*, got $made"

for package in "$@"; do
  dpkg-deb -c "$(deb "$package")" | awk '$1 !~ /^d/ {print $6}' | sort >"$work/$package.files"
  holds "$package" "share/doc/$package/copyright"
  dpkg-deb -x "$(deb "$package")" "$work/root"
done
lib='lib(/[^/]+)?'
holds libopencv-mixmim "$lib/libopencv_mixmim\.so\.$version" "$lib/mixmim/dnn_network\.so"
holds libopencv-mixmim-dev 'include/opencv2/mixmim\.hpp' 'include/opencv2/mixmim/classifier\.hpp' \
  "$lib/libopencv_mixmim\.so" "$lib/cmake/MixMIM/MixMIMConfig\.cmake" "$lib/pkgconfig/opencv_mixmim\.pc"
holds mixmim bin/mixmim bin/classify_image share/bash-completion/completions/mixmim \
  share/zsh/vendor-completions/_mixmim share/fish/vendor_completions.d/mixmim.fish 'share/man/man1/mixmim\.1(\.gz)?' \
  'share/mixmim/samples/classify_image\.cpp' 'share/mixmim/samples/classify\.py'
field libopencv-mixmim Description '^image classifiers trained with MixMIM, for OpenCV programs
'
field libopencv-mixmim-dev Description '\(development\)
'
field mixmim Description '^pretrain, fine-tune, export and run MixMIM image models
'
dpkg-deb -I "$(deb libopencv-mixmim)" triggers | grep -q ldconfig || fail "libopencv-mixmim: expected it to tell ldconfig"
field libopencv-mixmim Depends 'libopencv-dnn.*libopencv-imgproc'
field libopencv-mixmim Depends 'lib(dnnl|onednn)'
field libopencv-mixmim-dev Depends "libopencv-dev.*libopencv-mixmim \(= $version\)|libopencv-mixmim \(= $version\).*libopencv-dev"
field mixmim Depends "libopencv-mixmim \(= $version\)"
field mixmim Depends 'libtbb.*'
if [[ $* == *mixmim-torch-trainer* ]]; then
  holds mixmim-torch-trainer "$lib/mixmim/torch_trainer\.so" sbin/mixmim-fetch-libtorch share/mixmim/fetch_libtorch\.sh
  field mixmim-torch-trainer Depends "libopencv-mixmim \(= $version\)"
fi

twice=$(sort "$work"/*.files | uniq -d)
[[ -z $twice ]] || fail "in two packages: $twice"
! grep -E 'libtorch_|libc10|libtorch/' "$work"/*.files || fail "LibTorch is in a package"
find "$work/root" -type f -exec readelf -d {} + 2>/dev/null | grep -E 'R(UN)?PATH' >"$work/paths" || true
! grep -E '(\[|:)/' "$work/paths" || fail "a path of this machine is searched for libraries"
[[ $(grep -c . "$work/paths") -ge 3 ]] || fail "expected library paths relative to programs and plugins"

echo "the programs where they were unpacked"
"$work/root/usr/bin/mixmim" info --json | grep -q '"name":"dnn_network","path":"'"$work/root" ||
  fail "mixmim info: expected the plugin of the unpacked packages"
logged "$work/root/usr/bin/mixmim" export --model small --size 32 --model.classes 3 --out "$work/model.onnx"
logged "$work/root/usr/bin/mixmim" make-shapes --out "$work/shapes" --per-class 1
"$work/root/usr/bin/classify_image" "$work/model.onnx" "$(find "$work/shapes" -name '*.jpg' | sort | head -n 1)"
if [[ -e $(find "$work/root" -name torch_trainer.so) ]]; then
  "$work/root/usr/bin/mixmim" info --json | grep -q 'LibTorch is looked for in .*/mixmim/libtorch/torch/lib: mixmim-fetch-libtorch' ||
    fail "mixmim info: expected to hear that LibTorch is missing"
fi
