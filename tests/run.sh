#!/bin/bash
# Everything that must be right before a change goes in. Usage: tests/run.sh
#
# Compiles with gcc and clang without a warning, replays the fuzz corpora, runs all tests with the sanitizers, and at the
# end the same tests in the plain build, and there a selection in an emulated guest, too, which takes some minutes; its summary
# ends the output. What failed earlier is named before that, and in the exit code. Tests labelled vm-full are all that there is for
# guests and have a command of their own, see tests/vm/README.md; those labelled packages build packages and an image, see
# CONTRIBUTING.md.
set -uo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
jobs=$(nproc)
failed=()

step()
{
	local name=$1
	shift
	echo "=== $name"
	if ! "$@" </dev/null; then
		echo "=== $name: FAILED"
		failed+=("$name")
		return 1
	fi
}

quietly()
{
	local log status=0
	log=$(mktemp)
	"$@" >"$log" 2>&1 || status=$?
	if ((status != 0)); then
		cat "$log"
	fi
	rm -f "$log"
	return $status
}

build()
{
	quietly cmake --preset "$1" && quietly cmake --build "build/$1" -j "$jobs" "${@:2}"
}

run()
{
	ctest --test-dir "build/$1" --output-on-failure -j "$jobs" --timeout 300 -LE '^(vm-full|packages)' "${@:2}"
}

step "install what is needed" packaging/install-deps.sh --tests || exit 1
step "build ci (gcc, warnings are errors)" build ci
step "build ci-clang (clang, warnings are errors)" build ci-clang
step "build asan" build asan && step "test asan" run asan
step "build fuzz" build fuzz --target fuzzers && step "replay fuzz corpora" run fuzz -L fuzz --no-tests=ignore

if ((${#failed[@]})); then
	printf '=== failed so far: %s\n' "${failed[@]}"
fi
echo "=== test ci"
run ci </dev/null && ((${#failed[@]} == 0))
