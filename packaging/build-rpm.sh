#!/bin/bash
# Builds the RPM package. Usage: build-rpm.sh [--worktree] [FOLDER]
#
# Makes the source tarball (see make-tarball.sh for --worktree) and calls rpmbuild with packaging/rpm/irqherd.spec. On a
# system without an RPM database, such as Debian with its package rpm, what the build needs is not looked up there. Binary
# and source package go to FOLDER, build/rpm unless given. Needs no root.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
tarball=()
if [[ ${1-} == --worktree ]]; then
	tarball=(--worktree)
	shift
fi
folder=${1:-$top/build/rpm}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
made=$("$top/packaging/make-tarball.sh" "${tarball[@]}" "$work")
version=$(basename "$made" .tar.gz)
version=${version#irqherd-}
if ! sed -n '/^%changelog/,$p' "$top/packaging/rpm/irqherd.spec" | sed -n 2p | grep -q -- " $version-[0-9]*$"; then
	echo "the newest entry in the changelog of packaging/rpm/irqherd.spec is not of version $version" >&2
	exit 1
fi
mkdir -p "$work"/{SOURCES,SPECS,BUILD,RPMS,SRPMS}
mv "$made" "$work/SOURCES/"
sed "s/@VERSION@/$version/" "$top/packaging/rpm/irqherd.spec" >"$work/SPECS/irqherd.spec"

arguments=(--define "_topdir $work" --define "_dbpath $work/db")
if ! rpm -q rpm >/dev/null 2>&1; then
	arguments+=(--nodeps)
else
	arguments=(--define "_topdir $work")
fi
if ! rpmbuild -ba "${arguments[@]}" "$work/SPECS/irqherd.spec" >"$work/log" 2>&1; then
	cat "$work/log"
	exit 1
fi
rm -f "$folder"/irqherd-*"$version"*.rpm
find "$work/RPMS" "$work/SRPMS" -name '*.rpm' -exec mv {} "$folder/" \;
ls "$folder"/irqherd-*"$version"*.rpm
