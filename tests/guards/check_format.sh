#!/bin/bash
# Every .c and .h is as clang-format leaves it. Usage: check_format.sh ROOT
#
# Only with the major version that the sources were formatted with: others differ in details.
set -euo pipefail
root=$1
. "$(dirname "$0")/files.sh"
version=14

formatter=
for name in "clang-format-$version" clang-format; do
	if command -v "$name" >/dev/null && "$name" --version | grep -q "version $version\."; then
		formatter=$name
		break
	fi
done
if [[ -z $formatter ]]; then
	echo "clang-format $version is not installed"
	exit 77
fi

cd "$root"
project_files . | grep -zE '\.[ch]$' | while IFS= read -r -d '' file; do
	[[ ! -f $file ]] || printf '%s\0' "$file"
done | xargs -0 --no-run-if-empty "$formatter" --dry-run -Werror
