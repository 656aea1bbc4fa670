#!/usr/bin/env bash
# The whole tree as part of somebody's project: it brings its targets and changes nothing of theirs. Only configured.
#   subproject_test.sh SOURCE_FOLDER COMPILER OPENCV_DIR
set -euo pipefail
source=$1 compiler=$2 opencv=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "error: $*" >&2; cat "$work/log" >&2; exit 1; }

cat >"$work/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.22)
project(theirs CXX)
enable_testing()
add_subdirectory("$source" mixmim EXCLUDE_FROM_ALL)
add_executable(app app.cpp)
target_link_libraries(app PRIVATE MixMIM::mixmim)
get_target_property(flags mixmim_flags INTERFACE_COMPILE_OPTIONS)
get_cmake_property(cached CACHE_VARIABLES)   # a normal variable ends with its folder, a cached one is theirs too
foreach(name IN LISTS cached)
  if(name MATCHES "^(BUILD_|CPACK_|CMAKE_(BUILD_TYPE|CXX_STANDARD|CXX_COMPILER_LAUNCHER|EXPORT))" AND NOT "\${\${name}}" STREQUAL "")
    message(FATAL_ERROR "\${name} has become \${\${name}}")
  endif()
endforeach()
if("\${flags}" MATCHES "Werror")
  message(FATAL_ERROR "warnings are errors in somebody else's build")
endif()
if(TARGET uninstall OR TARGET mixmim_test)
  message(FATAL_ERROR "targets of this project alone are there: uninstall, or tests")
endif()
CMAKE
echo 'int main() {}' >"$work/app.cpp"
cmake -S "$work" -B "$work/build" -DCMAKE_CXX_COMPILER="$compiler" -DOpenCV_DIR="$opencv" -DMIXMIM_TORCH=OFF \
  >"$work/log" 2>&1 || fail "was not configured"
cmake --build "$work/build" --target help >"$work/log"
grep -q opencv_mixmim "$work/log" || fail "expected the target opencv_mixmim"
