#!/bin/bash
# The RPM package builds and has what "cmake --install" installs. Usage: check_rpm.sh SOURCE FOLDER
set -euo pipefail
source=$1 folder=$2
for tool in rpmbuild cmake scdoc; do
	if ! command -v "$tool" >/dev/null; then
		echo "$tool is missing: install-deps.sh --packages has it"
		exit 77
	fi
done
. "$(dirname "$0")/installed.sh"

"$source/packaging/build-rpm.sh" --worktree "$folder"
package=$(find "$folder" -name 'irqherd-[0-9]*.rpm' ! -name '*.src.rpm')
query=(rpm --dbpath "$work/db" --nodigest --nosignature -qp)

# Some rpms compress manual pages; licence and build ids have places of their own there.
"${query[@]}" --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$package" | sed -n 's/^-[^ ]* //p' | sed 's/\.gz$//' |
	grep -vE '/\.build-id/|^/usr/share/licenses/|^/usr/lib/debug/' | sort >"$work/packaged"
installed "$source" | grep -v '/LICENSE$' >"$work/wanted"
diff -u --label 'cmake --install' --label package "$work/wanted" "$work/packaged"

diff -u --label 'below /etc' --label configuration <(grep ^/etc/ "$work/packaged") \
	<("${query[@]}" --configfiles "$package" | sort)
"${query[@]}" --scripts "$package" | grep -q 'systemctl .*irqherd.service'
