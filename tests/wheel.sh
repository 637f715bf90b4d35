#!/usr/bin/env bash
# Build the wheel, install it beside the environment's libraries, and use it from an empty folder.
set -euo pipefail
python=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch/empty"
"$python" -m build --wheel --no-isolation --outdir "$scratch/dist" . >"$scratch/build.log" 2>&1 ||
  { cat "$scratch/build.log"; exit 1; }
"$python" -m pip install --quiet --no-deps --target "$scratch/site" "$scratch"/dist/*.whl
cd "$scratch/empty"
export PYTHONPATH="$scratch/site"
"$python" - "$scratch/site" <<'PYTHON'
import sys
from pathlib import Path

import harness
from harness.declarations.places import shipped

site = Path(sys.argv[1]).resolve()
assert Path(harness.__file__).resolve().is_relative_to(site), harness.__file__
for kind in ("adapters", "specs", "tasks"):
    assert shipped(kind).is_relative_to(site), shipped(kind)
PYTHON
"$python" -m harness validate gap quick gap-llama-3.2-3b
"$python" -m harness adapters >/dev/null
"$python" -m harness tasks >/dev/null
echo "the wheel works from an empty folder"
