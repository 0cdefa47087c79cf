#!/bin/bash
# The udev rules only describe devices, and udevd understands them, the commented examples too.
# Usage: check_rules.sh FILE
#
# The second part needs root: udevadm reads the rules from a private /run/udev.
set -euo pipefail
rules=$1

# Prose ("# ...") aside, matches are written with == or !=, and nothing else than properties of ours is assigned.
if sed '/^#\( \|$\)/d; s/[=!]="/ "/g' "$rules" | grep -oE '[A-Z_]+(\{[^}]*\})? *[-+:]?=' | grep -v '^ENV{IRQHERD_'; then
	echo "$rules: sets more than IRQHERD_ properties"
	exit 1
fi

if ! command -v udevadm >/dev/null || ! unshare -m -n true 2>/dev/null; then
	echo "udevadm, or the right to a private mount namespace, is missing"
	exit 77
fi
device=$(find /sys/bus/pci/devices -mindepth 1 2>/dev/null | sort | head -n 1)
if [[ -z $device ]]; then
	echo "no PCI device here to try the rules on"
	exit 77
fi

# The examples as rules, the first of them for a device that exists here.
examples=$(mktemp)
trap 'rm -f "$examples"' EXIT
sed -E "s/^#(SUBSYSTEM)/\1/; s/0000:3b:00\.0/$(basename "$device")/" "$rules" >"$examples"

# systemd 254 has a command for it.
if udevadm verify --help >/dev/null 2>&1; then
	cp "$examples" "$examples.rules"
	trap 'rm -f "$examples" "$examples.rules"' EXIT
	udevadm verify "$examples.rules"
fi

said=$(unshare -m -n bash -euc '
	mkdir -p /run/udev
	mount -t tmpfs tmpfs /run/udev
	mkdir /run/udev/rules.d
	cp "$1" /run/udev/rules.d/90-irqherd.rules
	udevadm test --action=change "$2" 2>&1
' - "$examples" "$(readlink -f "$device")")

if grep 'rules\.d/90-irqherd\.rules:[0-9]' <<<"$said"; then
	exit 1
fi
if ! grep -qx 'IRQHERD_NODE=1' <<<"$said"; then
	echo "the first example did not set its property; udevadm said:"
	grep -E '90-irqherd|IRQHERD' <<<"$said" || tail -n 20 <<<"$said"
	exit 1
fi
