#!/bin/bash
# promtool understands the alert rules, each of them fires when it should, and none on a calm host.
# Usage: check_alerts.sh SOURCE
set -euo pipefail
source=$1
if ! command -v promtool >/dev/null; then
	echo "promtool is missing: Debian's package prometheus has it"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$source/packaging/examples/prometheus-rules.yml" "$work/rules.yml"
cp "$source/tests/packaging/alerts.yml" "$work/"
cd "$work"
promtool check rules rules.yml
promtool test rules alerts.yml

# An alert that the test does not name could never fire.
diff -u --label rules --label tests <(sed -n 's/^ *- alert: //p' rules.yml | sort) \
	<(grep -oE 'alertname="\w+"' alerts.yml | sed 's/.*="//; s/"//' | sort -u)
