#!/bin/bash
# Lets every fuzz target search. Usage: tests/fuzz/run.sh [SECONDS_EACH [TARGET...]]
#
# One line a target; a finding prints its end and where the input was kept, and makes the exit code 1. What is learned stays
# in the build tree (BUILD, build/fuzz by default) for the next run. A finding becomes a unit case and a file of the corpus.
set -uo pipefail
seconds=${1:-60}
shift $(($# > 0))
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
build=${BUILD:-build/fuzz}

if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
	echo "tests/fuzz/run.sh: '$seconds' is no number of seconds" >&2
	exit 2
fi
if (($# == 0)); then
	mapfile -t targets < <(find tests/fuzz -mindepth 2 -name 'fuzz_*.c' -printf '%f\n' | sed 's/\.c$//' | sort)
else
	targets=("$@")
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { cmake --preset fuzz -B "$build" && cmake --build "$build" --target "${targets[@]}"; } >"$log" 2>&1; then
	cat "$log"
	exit 1
fi

failed=0
for target in "${targets[@]}"; do
	learned=$build/tests/fuzz/learned/$target
	mkdir -p "$learned"
	if "$build/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$build/tests/fuzz/$target-" "$learned" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
		printf '%-24s ok       %s inputs in %s s, %s edges\n' "$target" "$runs" "$seconds" "$edges"
	else
		printf '%-24s FOUND\n' "$target"
		tail -n 40 "$log" | sed 's/^/    /'
		failed=1
	fi
done
exit $failed
