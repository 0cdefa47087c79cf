#!/bin/bash
# Builds irqherd and lets it do its main job once on this machine. Usage: try.sh [--apply] [ARGUMENT...]
#
# Looks only: prints nodes, devices and IRQs, measures for a moment, and says what it would move and why. With
# --apply it moves them. Further arguments go to irqherd, see irqherd(8).
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/release

arguments=(--oneshot -v)
apply=n
if [[ ${1-} == --apply ]]; then
	apply=y
	shift
else
	arguments+=(--dry-run)
fi
# The configuration that we ship has better values than the built-in ones; this machine's own goes first.
if [[ ! -e /etc/irqherd/irqherd.conf ]]; then
	arguments+=(--conf "$top/packaging/irqherd.conf")
fi

"$top/packaging/install-deps.sh"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! (cd "$top" && cmake --preset release && cmake --build "$build") >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi

as_root=()
if [[ $apply == y ]] && ((EUID != 0)); then
	as_root=(sudo)
fi
"${as_root[@]}" "$build/src/irqherd" "${arguments[@]}" "$@"
