#!/usr/bin/env bash
# Every header of modules/kernels includes what it uses, so that an editor that opens it alone sees no mistakes.
#   headers_alone_test.sh COMPILER FOLDER
set -euo pipefail
compiler=$1 folder=$2 status=0
headers=("$folder"/src/*.hpp "$folder"/src/*/*.hpp "$folder"/include/kernels/*.hpp)
if ((${#headers[@]} < 15)); then echo "expected 15 headers or more in $folder, got ${#headers[@]}"; exit 1; fi
for header in "${headers[@]}"; do
  echo "#include \"$header\"" |
    "$compiler" -std=c++17 -fsyntax-only -Wall -Wextra -Werror -Wno-psabi -I "$folder/include" -I "$folder/src" -x c++ - || status=1
done
exit $status
