#!/usr/bin/env bash
# Scans the bundled packages, site and policy, and shows where the reports are.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/demo
rm -rf "$out" && mkdir -p "$out"
guijian=.venv/bin/guijian
for name in sdk-init.bad clean; do
  "$guijian" scan "fixtures/apks/$name.apk" --fail-on never -f html -f json -f pdf -f docx -o "$out/"
done
"$guijian" scan fixtures/apks/*.bad.apk --fail-on never -f xlsx -o "$out/notice.xlsx"
"$guijian" policy fixtures/apks/clean/assets/privacy.html -f html -o "$out/policy.html"
.venv/bin/python tools/demo_site.py "$out"
"$guijian" scan fixtures/apks/sdk-init.bad.apk --fail-on never
echo
echo "报告 / reports:"
ls -1 "$out"/*
