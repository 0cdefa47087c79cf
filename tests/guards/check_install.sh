#!/bin/bash
# "cmake --install" puts exactly these files there, and never over an administrator's configuration.
# Usage: check_install.sh CMAKE BUILD SOURCE SBINDIR SYSCONFDIR UNITDIR UDEVDIR MANDIR DOCDIR SYSUSERSDIR TMPFILESDIR
# DATADIR BINDIR (all absolute)
set -euo pipefail
cmake=$1 build=$2 source=$3 sbin=$4 etc=$5 unit=$6 udev=$7 man=$8 doc=$9 sysusers=${10} tmpfiles=${11} data=${12} bin=${13}

shopt -s nullglob
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT

expected()
{
	printf '%s\n' "$sbin/irqherd" "$bin/irqherdctl" "$data/irqherd/io.irqherd.varlink" "$data/bash-completion/completions/irqherdctl"
	printf '%s\n' "$etc/irqherd/irqherd.conf" "$unit/irqherd.service" "$udev/rules.d/90-irqherd.rules"
	printf '%s\n' "$sysusers/irqherd.conf" "$tmpfiles/irqherd.conf" "$doc"/{README.md,CHANGELOG.md,LICENSE}
	for file in "$source"/docs/*.md; do
		echo "$doc/$(basename "$file")"
	done
	for file in "$source"/packaging/examples/*; do
		echo "$doc/examples/$(basename "$file")"
	done
	if command -v scdoc >/dev/null; then
		for page in "$source"/docs/man/*.scd; do
			page=$(basename "$page" .scd)
			echo "$man/man${page##*.}/$page"
		done
	fi
}

stage()
{
	DESTDIR=$staged "$cmake" --install "$build" >"$staged.log" 2>&1 || {
		cat "$staged.log"
		rm -f "$staged.log"
		exit 1
	}
	rm -f "$staged.log"
}

stage
diff -u --label expected --label installed <(expected | sort) <(cd "$staged" && find . -type f | sed 's/^\.//' | sort)
find "$staged" -type f -perm /022 | (! grep .)
[[ -x $staged$sbin/irqherd && -x $staged$bin/irqherdctl ]]
[[ -d $staged$etc/irqherd/irqherd.conf.d ]]

echo '# an administrator was here' >>"$staged$etc/irqherd/irqherd.conf"
stage
if ! grep -q 'an administrator was here' "$staged$etc/irqherd/irqherd.conf"; then
	echo "$etc/irqherd/irqherd.conf was overwritten"
	exit 1
fi
