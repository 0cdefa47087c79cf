#!/bin/bash
# No file tells of the machine that it was written or built on. Usage: check_traces.sh ROOT [PATH...]
#
# PATHs are looked for besides (the build's own folders). The patterns do not match themselves.
set -euo pipefail
root=$1
shift
. "$(dirname "$0")/files.sh"

patterns=(
	-e '(^|[^A-Za-z0-9_.}])/(h[o]me|[U]sers)/[A-Za-z0-9_]'
	-e '(^|[^A-Za-z0-9_.}])/r[o]ot/[A-Za-z0-9_.]'
	-e '(^|[^A-Za-z0-9_.}])/w[o]rk(space)?/[A-Za-z0-9_]'
	-e '/t[m]p/(tmp\.|[a-z_]*_jobs)'
)
for path; do
	# A checkout directly below / has too short a name to be told from ordinary text.
	[[ $path == /*/* ]] || continue
	patterns+=(-e "$(sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$path")(/|\$)")
done

cd "$root"
found=$(project_files . | xargs -0 grep -nIE "${patterns[@]}" -- 2>/dev/null || true)
if [[ -n $found ]]; then
	echo "$found"
	exit 1
fi
