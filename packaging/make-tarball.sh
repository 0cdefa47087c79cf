#!/bin/bash
# Makes irqherd-VERSION.tar.gz of what is committed. Usage: make-tarball.sh [--worktree] [FOLDER]
#
# The same commit gives the same bytes, on every machine and again: names in order, one owner, one time (that of the
# commit, or SOURCE_DATE_EPOCH), no time of compression. With --worktree of the files as they are, committed or not. In an
# unpacked tarball it makes that tarball again. Prints where the result is; FOLDER is the current one unless given.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
worktree=n
if [[ ${1-} == --worktree ]]; then
	worktree=y
	shift
fi
folder=$(cd "${1-.}" && pwd)
export LC_ALL=C TZ=UTC
cd "$top"

version=$(sed -nE 's/^project\(irqherd VERSION ([0-9.]+) .*/\1/p' CMakeLists.txt)
name=irqherd-$version
epoch=${SOURCE_DATE_EPOCH-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/$name"

if [[ ! -e .git ]]; then
	epoch=${epoch:-$(stat -c %Y CMakeLists.txt)}
	find . -mindepth 1 \( -path './build*' -o -path ./.cache \) -prune -o \( -type f -o -type l \) -print0 >"$work/files"
	tar -c --null -T "$work/files" | tar -x -C "$work/$name"
elif [[ $worktree == y ]]; then
	epoch=${epoch:-$(git log -1 --format=%ct)}
	git ls-files -z --cached --others --exclude-standard >"$work/listed"
	# one that is deleted, but not committed as such, is listed as well
	while IFS= read -r -d '' file; do
		[[ ! -e $file ]] || printf '%s\0' "$file"
	done <"$work/listed" >"$work/files"
	tar -c --null -T "$work/files" | tar -x -C "$work/$name"
else
	epoch=${epoch:-$(git log -1 --format=%ct)}
	git archive HEAD | tar -x -C "$work/$name"
fi

# Folders are not listed, so that none is there because of a build that went by.
(cd "$work" && find "$name" \( -type f -o -type l \) -print0 | sort -z) |
	tar -c -C "$work" --null -T - --format=ustar --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
		--mode=u=rwX,go=rX | gzip -n -9 >"$work/$name.tar.gz"
mv "$work/$name.tar.gz" "$folder/"
echo "$folder/$name.tar.gz"
