#!/usr/bin/env bash
# The project's own golden numbers: all of them are compared, but for those that are known to be missing.
#   golden_test.sh PARITY GOLDEN_FOLDER "2 skipped, 2 incomplete"
set -euo pipefail
parity=$1 golden=$2 missing=$3
last=$("$parity" "$golden" | tee /dev/stderr | tail -n 1)
if [[ $last != *", 0 failed, $missing" ]]; then
  echo "expected a last line that ends in: , 0 failed, $missing" >&2
  exit 1
fi
