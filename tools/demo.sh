#!/usr/bin/env bash
# Scans the bundled packages and shows where the reports are.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/demo
rm -rf "$out" && mkdir -p "$out"
guijian=.venv/bin/guijian
for name in sdk-init.bad clean; do
  "$guijian" scan "fixtures/apks/$name.apk" --fail-on never -f html -f json -o "$out/"
done
"$guijian" scan fixtures/apks/sdk-init.bad.apk --fail-on never
echo
echo "报告 / reports:"
ls -1 "$out"/*
