#!/usr/bin/env bash
# check.sh VENV MODELS READER: runs check_models.py in a virtual environment; exit code 77 (skipped) where there is none.
set -euo pipefail
if [[ ! -f $1/complete ]]; then
  echo "skipped: no virtual environment $1; tests/onnx_matrix/environments.py makes it"
  exit 77
fi
exec "$1/bin/python" "$(dirname "${BASH_SOURCE[0]}")/check_models.py" "$2" "$3"
