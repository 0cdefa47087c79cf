#!/bin/bash
# Builds the Debian package. Usage: build-deb.sh [--worktree] [--nocheck] [FOLDER]
#
# Makes the source tarball (see make-tarball.sh for --worktree), unpacks it, adds packaging/debian as debian/, and calls
# dpkg-buildpackage, which wants the packages that "install-deps.sh --packages" installs. --nocheck leaves out
# the tests. Packages, sources and the .changes file go to FOLDER, build/deb unless given. Needs no root.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
tarball=() folder=
for word; do
	case $word in
	--worktree) tarball=(--worktree) ;;
	--nocheck) export DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-} nocheck" ;;
	-*)
		echo "usage: $0 [--worktree] [--nocheck] [FOLDER]" >&2
		exit 2
		;;
	*) folder=$word ;;
	esac
done
folder=${folder:-$top/build/deb}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
made=$("$top/packaging/make-tarball.sh" "${tarball[@]}" "$work")
version=$(basename "$made" .tar.gz)
version=${version#irqherd-}
tar -xf "$made" -C "$work"
mv "$made" "$work/irqherd_$version.orig.tar.gz"
source=$work/irqherd-$version
cp -a "$source/packaging/debian" "$source/debian"

cd "$source"
packaged=$(dpkg-parsechangelog -S Version)
if [[ ${packaged%-*} != "$version" ]]; then
	echo "packaging/debian/changelog is of version $packaged, CMakeLists.txt of $version" >&2
	exit 1
fi
if ! dpkg-buildpackage -us -uc >"$work/log" 2>&1; then
	cat "$work/log"
	exit 1
fi
rm -f "$folder"/irqherd*_"$version"*
mv "$work"/irqherd*_"$version"* "$folder/"
ls "$folder"/irqherd*_"$packaged"*
