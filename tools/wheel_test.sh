#!/usr/bin/env bash
# Builds the wheel, installs it alone in a fresh environment, and runs the command away from the source tree:
# proves that rules, data and templates ship, and that run-time dependencies are declared.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/.venv/bin/python" -m build --quiet --wheel --no-isolation --outdir "$work/dist" "$root"
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c <(sed -E 's/ *\\$//; /--hash/d' "$root/requirements.lock") "$work"/dist/*.whl
"$root/.venv/bin/python" "$root/tools/wheel_content.py" "$work"/dist/*.whl "$root"
cd "$work"
"$work/venv/bin/guijian" --version
"$work/venv/bin/guijian" rules check
"$work/venv/bin/guijian" scan "$root/fixtures/apks/clean.apk" -f json -o "$work/clean.json" --now 2026-11-24
"$work/venv/bin/guijian" scan "$root/fixtures/apks/clean.apk" -f html -o "$work/clean.html" --now 2026-11-24
test -s "$work/clean.json" && test -s "$work/clean.html"
echo "wheel: ok"
