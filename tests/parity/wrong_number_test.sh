#!/usr/bin/env bash
# The parity program must notice a single wrong number, and must not call an empty folder a success.
#   wrong_number_test.sh PARITY GOLDEN_FOLDER
set -euo pipefail
parity=$1 golden=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$parity" "$work" >/dev/null || status=$?
if [[ $status != 1 ]]; then echo "an empty folder: expected exit code 1, got $status"; exit 1; fi

cp "$golden"/micro_finetune.json "$work"
sed -i -E '0,/"loss": ?[0-9.]+/s//"loss": 2.4379/' "$work/micro_finetune.json"
status=0
"$parity" "$work" >"$work/log" || status=$?
if [[ $status != 1 ]] || ! grep -q 'micro_finetune loss .*FAILED 1' "$work/log"; then
  echo "a wrong loss: expected exit code 1 and a line that says so, got $status"
  cat "$work/log"
  exit 1
fi
