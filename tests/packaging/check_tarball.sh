#!/bin/bash
# The same files give the same tarball: at another time, in another folder, in another zone, under another umask, and out of
# the tarball itself. Usage: check_tarball.sh SOURCE
set -euo pipefail
source=$1
if [[ -e $source/.git ]] && ! git -C "$source" rev-parse HEAD >/dev/null 2>&1; then
	echo "git does not read this checkout"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work"/{1,2,3,unpacked}

first=$("$source/packaging/make-tarball.sh" --worktree "$work/1")
(umask 077 && cd / && TZ=Asia/Tokyo LC_ALL=C.UTF-8 "$source/packaging/make-tarball.sh" --worktree "$work/2") >/dev/null
cmp "$first" "$work/2/$(basename "$first")"

# no folder, no foreign owner, nothing outside of one folder of the right name
name=$(basename "$first" .tar.gz)
if tar -tvzf "$first" | grep -vE "^-r[w-][x-]r-[x-]r-[x-] 0/0 +[0-9]+ [0-9-]+ [0-9:]+ $name/"; then
	echo "these should not be there like this"
	exit 1
fi
tar -xzf "$first" -C "$work/unpacked"
# the time is that of CMakeLists.txt alone
find "$work/unpacked" -type f ! -path "$work/unpacked/$name/CMakeLists.txt" -exec touch -d 2001-01-01 {} +
"$work/unpacked/$name/packaging/make-tarball.sh" "$work/3" >/dev/null
cmp "$first" "$work/3/$name.tar.gz"

# other bytes for other files
echo >>"$work/unpacked/$name/README.md"
"$work/unpacked/$name/packaging/make-tarball.sh" "$work/3" >/dev/null
if cmp -s "$first" "$work/3/$name.tar.gz"; then
	echo "a changed file changes nothing"
	exit 1
fi
