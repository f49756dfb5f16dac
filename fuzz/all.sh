#!/usr/bin/env bash
# Fuzz all targets, or those named, for FUZZ_SECONDS each, FUZZ_JOBS at a time; prints a table, fails on a finding.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60} jobs=${FUZZ_JOBS:-2} folder=${FUZZ_DIR:-build/fuzz} python=${PYTHON:-.venv/bin/python}
if [ $# -eq 0 ]; then
  set -- $(cd fuzz && ls fuzz_*.py | sed 's/^fuzz_//; s/\.py$//')
fi

one() {
  local target=$1 seconds=$2 folder=$3/$1 python=$4
  mkdir -p "$folder/corpus" "$folder/artifacts"
  local TIMEFORMAT='cpu %U'
  { time "$python" fuzz/run.py "$target" -max_total_time="$seconds" -artifact_prefix="$folder/artifacts/" \
      "$folder/corpus" "fuzz/corpus/$target" >"$folder/log" 2>&1 && echo ok >"$folder/outcome" ||
      echo FINDING >"$folder/outcome"; } 2>"$folder/cpu"
  printf '| %s | %s | %s | %s | %s | %s |\n' "$target" "$(sed -n 's/^cpu //p' "$folder/cpu")" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/log")" \
    "$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 \/ \2/p' "$folder/log" | tail -1)" \
    "$(sed -n 's/^stat::peak_rss_mb: *//p' "$folder/log")" "$(cat "$folder/outcome")"
}
export -f one

echo "| target | CPU s | executions | edges / features | peak MB | outcome |"
echo "|---|---|---|---|---|---|"
printf '%s\n' "$@" | xargs -P "$jobs" -I{} bash -c 'one "$@"' _ {} "$seconds" "$folder" "$python"
! grep -l FINDING "${@/#/$folder/}" -r --include=outcome
