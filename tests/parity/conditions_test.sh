#!/usr/bin/env bash
# Other conditions than the golden numbers': bfloat16 stays within its own tolerances, and a device that is not there
# is said.
#   conditions_test.sh PARITY GOLDEN_FOLDER
set -euo pipefail
parity=$1 golden=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Without the training, which takes longer.
python3 -c 'import json, sys; text = json.load(open(sys.argv[1])); del text["training"]; json.dump(text, sys.stdout)' \
  "$golden/swin14_pretrain.json" >"$folder/swin14_pretrain.json"

"$parity" --precision bfloat16 "$folder" >"$folder/out" || { cat "$folder/out"; exit 1; }
# float32 would be within 1e-6, so the option is obeyed.
grep "pretrain loss" "$folder/out" | sed 's/.* rel \([^ ]*\) .*/\1/' | awk '{ exit !($1 > 1e-6) }' ||
  { cat "$folder/out"; echo "expected a loss that is rounded" >&2; exit 1; }

expect() {  # MESSAGE ARGUMENTS...
  local message=$1 code=0
  shift
  "$parity" "$@" 2>"$folder/err" || code=$?
  if [[ $code != 2 || $(cat "$folder/err") != "$message"* ]]; then
    echo "expected exit code 2 and: $message; got $code and: $(cat "$folder/err")" >&2
    exit 1
  fi
}
expect "parity: error: --precision: expected float32 or bfloat16, got 'half'" --precision half "$folder"
expect "parity: error: run.device: " --device cuda:63 "$folder"
expect "usage: parity" --device
