#!/bin/bash
# Each header beside the sources compiles alone, as those in include/ do. Usage: check_private_headers.sh CC ROOT [FLAG...]
set -euo pipefail
cc=$1 root=$2
shift 2

status=0
for header in "$root"/src/*/*.h; do
	[[ -e $header ]] || continue
	printf '#include "%s"\n' "$header" |
		"$cc" -std=gnu11 -D_GNU_SOURCE -Werror "$@" -I"$root/include" -x c -fsyntax-only - || status=1
done
exit $status
