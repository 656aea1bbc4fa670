#!/usr/bin/env bash
# Installs the Debian/Ubuntu packages a verb of ./run needs, and only those that are missing.
#
#   third_party/install_packages.sh GROUP...        groups: build test lint fuzz coverage
#
# Says what it is about to install, uses sudo only if not root, and asks nothing. MIXMIM_SKIP_INSTALL=1 trusts the machine
# as it is (other distributions, or packages built by hand): CMake then names whatever it cannot find.
set -euo pipefail

# One entry per package: "name" or "name|other name", the first that the distribution knows is taken.
build_packages=(
  build-essential cmake ninja-build ccache pkg-config      # compiler and build tools
  libopencv-dev libtbb-dev libfmt-dev                      # OpenCV, oneTBB, fmt
  "libboost-json1.81-dev|libboost-json-dev"                # Boost >= 1.75: JSON, and with it DLL and the headers
  "libboost-program-options1.81-dev|libboost-program-options-dev"
  "libjpeg62-turbo-dev|libjpeg-turbo8-dev"                 # JPEG decoding
  libpng-dev                                               # label maps: the index of a palette, which OpenCV does not give
  "libdnnl-dev|libonednn-dev"                              # oneDNN: the classifier's matrix products
  libxxhash-dev                                            # checksums in checkpoints
  libgloo-dev                                              # headers of Gloo, which is inside LibTorch
  file                                                     # cpack looks with it for what packages depend on
  libgtest-dev libbenchmark-dev                            # tests and benchmarks
  python3 python3-pip unzip                                # only to fetch LibTorch, which PyPI distributes as a wheel
)
test_packages=(python3-venv)                               # other ONNX readers, to compare our models in
if ! grep -qs '^ID=ubuntu' /etc/os-release; then           # there a snap only: the test that uses it is skipped
  test_packages+=(chromium)                                # looks at the page of a report
fi
lint_packages=(clang-format clang-tidy cppcheck doxygen shellcheck)
coverage_packages=(gcovr)                                  # which lines the tests run
fuzz_packages=(clang)

fail() { echo "error: $*" >&2; exit 1; }

installed() { [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

# anyInstalled "a|b": whether one of the names is there already.
anyInstalled() {
  local name
  for name in ${1//|/ }; do
    if installed "$name"; then return 0; fi
  done
  return 1
}

# aptName "a|b": the first name that apt knows; the first of all if it knows none.
aptName() {
  local name
  for name in ${1//|/ }; do
    if [[ -n "$(apt-cache show "$name" 2>/dev/null)" ]]; then echo "$name"; return; fi
  done
  echo "${1%%|*}"
}

wanted=()
for group in "$@"; do
  case $group in
    build) wanted+=("${build_packages[@]}") ;;
    test) wanted+=("${test_packages[@]}") ;;
    lint) wanted+=("${lint_packages[@]}") ;;
    fuzz) wanted+=("${fuzz_packages[@]}") ;;
    coverage) wanted+=("${coverage_packages[@]}") ;;
    *) fail "install_packages.sh: unknown group '$group', expected build, test, lint, fuzz or coverage" ;;
  esac
done
if [[ ${MIXMIM_SKIP_INSTALL:-0} == 1 ]]; then exit 0; fi

# shellcheck source=/dev/null
family="$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}")" || family=unknown
if [[ ! " $family " =~ " debian "|" ubuntu " ]]; then
  {
    echo "error: packages are installed automatically on Debian and Ubuntu only; this is: $family"
    echo "Install the equivalents of these Debian packages, then run again with MIXMIM_SKIP_INSTALL=1:"
    printf '  %s\n' "${wanted[@]//|/ or }"
  } >&2
  exit 1
fi

missing=()
for package in "${wanted[@]}"; do
  anyInstalled "$package" || missing+=("$package")
done
if [[ ${#missing[@]} == 0 ]]; then exit 0; fi

echo "These packages are missing and will be installed with apt-get:"
printf '  %s\n' "${missing[@]//|/ or }"
aptNames() { local package; for package in "${missing[@]}"; do aptName "$package"; done | paste -sd ' '; }

become=()
if [[ $EUID != 0 ]]; then
  command -v sudo >/dev/null ||
    fail "installing them needs root, and sudo is not here; as root: apt-get install $(aptNames)"
  become=(sudo)
fi
"${become[@]}" apt-get update -q || fail "apt-get update failed; check the network and /etc/apt/sources.list, then run again"
read -ra chosen <<<"$(aptNames)"
"${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${chosen[@]}" ||
  fail "apt-get could not install the packages above (Debian 12 or Ubuntu 24.04 is needed at least); as root: apt-get install ${chosen[*]}"
