#!/bin/bash
# The systemd unit keeps away from what would break the daemon, and systemd understands it.
# Usage: check_unit.sh UNIT
set -euo pipefail
unit=$1

# /proc/irq read-only; an empty network namespace; uid 0 that is not root; /proc without stat and irq; and a
# silent stop of another service.
if grep -nE '^(ProtectKernelTunables|PrivateNetwork|PrivateUsers|ProcSubset|ProtectProc|Conflicts)=' "$unit"; then
	echo "$unit: breaks the daemon"
	exit 1
fi
for line in Type=notify RestartPreventExitStatus=77 SuccessExitStatus=77 RuntimeDirectoryPreserve=yes \
	'RestrictAddressFamilies=AF_NETLINK AF_UNIX' 'CapabilityBoundingSet=' 'BindPaths=/proc /sys'; do
	if ! grep -qxF "$line" "$unit"; then
		echo "$unit: lacks $line"
		exit 1
	fi
done

if ! command -v systemd-analyze >/dev/null; then
	echo "systemd-analyze is missing"
	exit 77
fi

# The program is not installed at its place yet: an empty one stands in.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install -D -m 755 /bin/true "$work/irqherd"
mkdir "$work/units"
sed "s|^ExecStart=[^ ]*|ExecStart=$work/irqherd|" "$unit" >"$work/units/irqherd.service"

# systemd-analyze judges all units that this one pulls in; only what it says of ours counts.
if systemd-analyze verify --man=no "$work/units/irqherd.service" 2>&1 | grep -F "irqherd.service"; then
	exit 1
fi

# Exposure from 0 to 10, the option counts tenths. What makes up the rest is what the daemon lives on: uid 0, the host's
# network, netlink, an open /proc.
if systemd-analyze security --help 2>/dev/null | grep -q -- --offline; then
	systemd-analyze security --no-pager --offline=yes --threshold=15 "$work/units/irqherd.service" >"$work/said" || {
		cat "$work/said"
		exit 1
	}
	tail -n 1 "$work/said"
fi
