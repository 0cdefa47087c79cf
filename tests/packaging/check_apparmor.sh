#!/bin/bash
# The AppArmor profile compiles, grants no capability that only a drop-in asks for in vain, and writes to no
# file of the machine but affinities and rps_cpus. Usage: check_apparmor.sh FILE
set -euo pipefail
profile=$1
parser=$(PATH=$PATH:/usr/sbin:/sbin command -v apparmor_parser) || {
	echo "apparmor_parser is missing"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed 's|@CMAKE_INSTALL_FULL_SBINDIR@|/usr/sbin|' "$profile" >"$work/profile"
"$parser" --skip-kernel-load --skip-cache --warn=all "$work/profile" 2>"$work/said" || {
	cat "$work/said"
	exit 1
}
# what this machine's own kernel does not enforce says nothing of the profile
if grep -vE 'Cache read/write disabled|rules not enforced|^$' "$work/said"; then
	exit 1
fi

diff -u --label allowed --label profile - <(sed -nE 's/^  ([^#]*) [rmk]*w[rwk]*,$/\1/p' "$profile" | sort) <<'END'
@{PROC}/irq/*/smp_affinity
@{PROC}/irq/*/smp_affinity_list
@{run}/irqherd/**
@{run}/systemd/notify
@{sys}/devices/**/net/*/queues/rx-*/rps_cpus
END
