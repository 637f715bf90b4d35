#!/usr/bin/env bash
# Install the wheel alone into a fresh environment, without the extra `run`, and use every verb that must work there.
set -euo pipefail
python=$1 scratch=$2 root=$PWD limit=300
rm -rf "$scratch" && mkdir -p "$scratch/empty"
"$python" -m build --wheel --no-isolation --outdir "$scratch/dist" . >"$scratch/build.log" 2>&1 ||
  { cat "$scratch/build.log"; exit 1; }
"$python" -m venv "$scratch/venv"
light=$scratch/venv/bin
"$light/pip" install --quiet --disable-pip-version-check -c "$root/constraints.txt" "$scratch"/dist/*.whl
size=$(du -sm "$("$light/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" | cut -f1)
echo "the light installation takes $size MB (limit: $limit)"
[ "$size" -lt "$limit" ]
cd "$scratch/empty"
PYTHONPATH='' "$light/python" "$root/tests/light.py"
