#!/bin/bash
# The Debian package builds, has what "cmake --install" installs, and lintian finds nothing in it.
# Usage: check_deb.sh SOURCE FOLDER: leaves the package in FOLDER
set -euo pipefail
source=$1 folder=$2
for tool in dpkg-buildpackage dh dh_apparmor lintian cmake scdoc; do
	if ! command -v "$tool" >/dev/null; then
		echo "$tool is missing: install-deps.sh --packages has it"
		exit 77
	fi
done
. "$(dirname "$0")/installed.sh"

"$source/packaging/build-deb.sh" --worktree --nocheck "$folder"
changes=$(echo "$folder"/irqherd_*.changes)
package=$(echo "$folder"/irqherd_*_*.deb)

# Compressed by debhelper; said by copyright and changelog.gz instead; made by debhelper.
dpkg-deb -c "$package" | awk '{ print substr($6, 2) }' | grep -v '/$' | sed 's/\.gz$//' |
	grep -vE '^/usr/share/doc/irqherd/(copyright|changelog|changelog\.Debian)$' |
	grep -vE '^/usr/share/lintian/' | sort >"$work/packaged"
installed "$source" -DIRQHERD_APPARMOR_DIR=/etc/apparmor.d |
	grep -vE '^/usr/share/doc/irqherd/(LICENSE|CHANGELOG\.md)$' >"$work/wanted"
diff -u --label 'cmake --install' --label package "$work/wanted" "$work/packaged"

# All that is in /etc is configuration, which an upgrade asks about.
dpkg-deb --info "$package" conffiles | sort >"$work/conffiles"
diff -u --label 'below /etc' --label conffiles <(grep ^/etc/ "$work/packaged") "$work/conffiles"

said=$(lintian -E --pedantic --tag-display-limit 0 --fail-on error,warning,info,pedantic "$changes" 2>&1) || {
	echo "$said"
	exit 1
}
# running as root is nobody's business here
if grep -vE '^(X:|N:|warning: |running with root)' <<<"$said" | grep .; then
	exit 1
fi
