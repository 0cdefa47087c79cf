#!/bin/bash
# What bash offers for irqherdctl, on a made machine; and that it knows every verb and option that irqherdctl has.
# Usage: check_completion.sh SCRIPT [IRQHERDCTL]
set -uo pipefail
script=$1 irqherdctl=${2-}
. "$script"

machine=$(mktemp -d)
trap 'rm -rf "$machine"' EXIT
mkdir -p "$machine"/proc/irq/{24/ACPI:Ged,38/eth0-TxRx-0,39/eth0-TxRx-1,40} \
	"$machine"/sys/bus/pci/devices/{0000:3b:00.0,0000:3b:00.1,0000:af:00.0}/msi_irqs "$machine"/sys/bus/pci/devices/0000:00:00.0 \
	"$machine"/sys/class/net/{eth0/device,lo} "$machine"/sys/devices/system/cpu/cpu{0,1,2,10} \
	"$machine"/sys/devices/system/node/node{0,1}

# Split as readline does it: at blanks, and at colons and equals signs, which are words of their own.
split()
{
	local text=$1
	text=${text//:/ : }
	text=${text//=/ = }
	read -ra COMP_WORDS <<<"$text"
	[[ $1 == *' ' ]] && COMP_WORDS+=('')
	[[ $1 == *[:=] ]] || return 0
}

failed=0
# offers LINE WORD...: exactly these, in any order
offers()
{
	local line=$1 wanted found
	shift
	COMP_LINE=$line COMP_POINT=${#line}
	split "$line"
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_irqherdctl || true
	wanted=$(printf '%s\n' "$@" | sort)
	found=$(printf '%s\n' "${COMPREPLY[@]-}" | sort)
	if [[ $found != "$wanted" ]]; then
		echo "'$line' offers: ${found//$'\n'/ }"
		echo "   wanted: ${wanted//$'\n'/ }"
		failed=1
	fi
}
on="irqherdctl --root $machine"

offers 'irqherdctl st' status
offers 'irqherdctl re' rescan reload
offers 'irqherdctl --js' --json --json-lines
offers 'irqherdctl status --js' --json --json-lines
offers 'irqherdctl --color a' auto always
offers "$on explain 3" 38 39
offers "$on explain e" eth0 eth0-TxRx-0 eth0-TxRx-1
offers "$on explain 0000:3b" 3b:00.0 3b:00.1
offers "$on explain 0000:3b:00." 00.0 00.1
offers "$on explain 0000:af:00.0 " ''
offers "$on explain cpu1" cpu1 cpu10
offers "$on irqs " 0000:3b:00.0 0000:3b:00.1 0000:af:00.0 eth0 cpu0 cpu1 cpu2 cpu10
offers "$on advise et" eth0
offers "$on rescan 0000:a" af:00.0
offers "$on cpus " exclude include
offers "$on cpus exclude n" node0 node1
offers "$on cpus exclude 0-1" 0-1 0-10
offers "$on cpus exclude 0,2" 0,2
offers "$on irq 3" 38 39
offers "$on irq 38 " pin release ban
offers "$on irq 38 pin 1" 1 10
offers "$on irq 38 release " ''
offers "$on top --z" --zoom
offers "$on top --zoom c" caches cores cpus
offers "$on top --zoom=c" caches cores cpus
offers "$on top -s m" moves
offers "$on top -c 1" 1 10
offers "$on --json irq 38 p" pin
offers "irqherdctl import $machine/pr" "$machine/proc"

if [[ $irqherdctl ]]; then
	help=$("$irqherdctl" --help)
	while read -r verb; do
		offers "irqherdctl $verb" "$(compgen -W "$verb" -- "$verb")" $(sed -n "s/^  \($verb[a-z]\+\) .*/\1/p" <<<"$help" | sort -u)
	done < <(sed -n 's/^  \([a-z]\+\) .*/\1/p' <<<"$help")
	while read -r option; do
		offers "irqherdctl $option" $( (echo "$option"; grep -o -- "$option-[a-z]*" <<<"$help" || true) | sort -u)
	done < <(grep -o -- '--[a-z-]*[a-z]' <<<"$help" | sort -u)
	of_top=$("$irqherdctl" top --help)
	while read -r option; do
		offers "irqherdctl top $option" "$option"
	done < <(grep -o -- '--[a-z-]*[a-z]' <<<"$of_top" | sort -u)
fi
exit $failed
