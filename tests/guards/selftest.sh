#!/bin/bash
# Every guard fails on a violation, and for the right reason. Usage: selftest.sh ROOT
#
# Works on a small tree of its own, made wrong in one point at a time.
set -euo pipefail
root=$1
here=$root/tests/guards
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# refuses REASON COMMAND...: the command must fail and say REASON (a pattern).
refuses()
{
	local reason=$1 said status=0
	shift
	said=$("$@" 2>&1) || status=$?
	if [[ $status == 0 || $status == 77 ]]; then
		echo "NOT REFUSED (exit $status), though: $reason"
		failures=$((failures + 1))
	elif ! grep -qE -- "$reason" <<<"$said"; then
		echo "REFUSED, but not because of: $reason; said:"
		echo "$said"
		failures=$((failures + 1))
	else
		echo "refused: $reason"
	fi
}

accepts()
{
	local said status=0
	said=$("$@" 2>&1) || status=$?
	if [[ $status != 0 && $status != 77 ]]; then
		echo "NOT ACCEPTED: $*"
		echo "$said"
		failures=$((failures + 1))
	fi
}

tree=$work/tree
fresh_tree()
{
	rm -rf "$tree"
	for layer in base config model setup source balance actuate outlet daemon ctl; do
		mkdir -p "$tree/src/$layer" "$tree/include/irqherd/$layer"
		printf '#pragma once\n' >"$tree/include/irqherd/$layer/x_$layer.h"
		printf '#include <errno.h>\n\n#include "irqherd/%s/x_%s.h"\n' "$layer" "$layer" >"$tree/src/$layer/x_$layer.c"
	done
}

# --- features of peers

peers() { python3 "$here/check_peers.py" "$tree"; }

fresh_tree
mkdir -p "$tree/docs" "$tree/tests/unit"
touch "$tree/tests/unit/test_x.c"
table() { printf '| a | b | shown by |\n| --- | --- | --- |\n' && printf '| x | yes | unit/test_x.c |\n%.0s' {1..10} && echo "$1"; }
table '| y | no, later | - |' >"$tree/docs/peers.md"
accepts peers
table '| y | yes | unit/test_y.c |' >"$tree/docs/peers.md"
refuses 'no test unit/test_y\.c' peers
table '| y | yes | vm/y |' >"$tree/docs/peers.md"
refuses 'no test vm/y' peers
table '| y |  | - |' >"$tree/docs/peers.md"
refuses 'none empty' peers
table '| y | yes | - |' >"$tree/docs/peers.md"
refuses 'is shown by a test' peers
echo >"$tree/docs/peers.md"
refuses 'no table' peers

# --- includes

includes() { python3 "$here/check_includes.py" "$tree"; }

fresh_tree
for allowed in config:base model:base setup:config setup:model source:model balance:model actuate:model outlet:model daemon:outlet daemon:setup ctl:setup ctl:balance; do
	echo "#include \"irqherd/${allowed#*:}/x_${allowed#*:}.h\"" >>"$tree/src/${allowed%:*}/x_${allowed%:*}.c"
done
for allowed in source/uevent.c:libudev.h source/rtnl.c:libmnl/libmnl.h source/genl.c:netlink/genl/genl.h \
	daemon/daemon.c:ev.h source/netdev_queues.c:jansson.h daemon/serve.c:jansson.h ctl/top.c:ncurses.h; do
	echo "#include <${allowed#*:}>" >"$tree/src/${allowed%:*}"
done
echo '#pragma once' >"$tree/src/model/own.h"
echo '#include "own.h"' >>"$tree/src/model/x_model.c"
accepts includes
echo '#include "../model/own.h"' >>"$tree/src/source/x_source.c"
refuses 'model/own.h" is not of the form' includes

for wrong in base:model config:model model:config model:balance source:balance balance:source actuate:balance \
	outlet:balance outlet:config daemon:ctl ctl:daemon source:daemon setup:source \
	setup:outlet outlet:setup balance:setup config:setup; do
	fresh_tree
	echo "#include \"irqherd/${wrong#*:}/x_${wrong#*:}.h\"" >>"$tree/src/${wrong%:*}/x_${wrong%:*}.c"
	refuses "x_${wrong#*:}.h\" points against the arrows: ${wrong%:*} may" includes
	fresh_tree
	echo "#include \"irqherd/${wrong#*:}/x_${wrong#*:}.h\"" >>"$tree/include/irqherd/${wrong%:*}/x_${wrong%:*}.h"
	refuses "x_${wrong#*:}.h\" points against the arrows: ${wrong%:*} may" includes
done
for wrong in source/x_source.c:libudev.h source/uevent.c:libmnl/libmnl.h source/rtnl.c:netlink/netlink.h \
	daemon/daemon.c:libudev.h source/x_source.c:ev.h outlet/report.c:ev.h model/x_model.c:jansson.h \
	base/x_base.c:jansson.h outlet/report.c:ncurses.h; do
	fresh_tree
	echo "#include <${wrong#*:}>" >>"$tree/src/${wrong%:*}"
	refuses "<${wrong#*:}> is for" includes
done
fresh_tree
echo '#include <libudev.h>' >>"$tree/include/irqherd/source/x_source.h"
refuses '<libudev.h> is for' includes
fresh_tree
printf '#  include \\\n\t"irqherd/balance/x_balance.h"\n' >>"$tree/src/source/x_source.c"
refuses 'points against the arrows' includes
for wrong in '"x_base.h":is not of the form' '"../base/x_base.h":is not of the form' '<irqherd/base/x_base.h>:wants quotes' \
	'"irqherd/base/none.h":does not exist' 'HEADER:names no file'; do
	fresh_tree
	echo "#include ${wrong%%:*}" >>"$tree/src/base/x_base.c"
	refuses "${wrong#*:}" includes
done
fresh_tree
mkdir "$tree/src/util"
touch "$tree/src/util/util.c"
refuses 'belongs to no layer' includes
rm -rf "$tree"
mkdir "$tree"
refuses 'no sources found' includes

# --- headers alone

fresh_tree
cp "$root/CMakeLists.txt" "$tree/"
cp "$root/src/CMakeLists.txt" "$tree/src/"
mkdir "$tree/packaging"
touch "$tree/packaging/CMakeLists.txt"
headers()
{
	cmake -S "$tree" -B "$work/build" -DIRQHERD_TESTS=OFF >/dev/null &&
		cmake --build "$work/build" --target all_verify_interface_header_sets
}
accepts headers
printf '#pragma once\n\nint x_base(uint32_t x);\n' >"$tree/include/irqherd/base/x_base.h"
refuses "unknown type name .uint32_t" headers
rm -rf "$work/build"

private() { "$here/check_private_headers.sh" cc "$tree"; }
fresh_tree
printf '#pragma once\n\n#include <stdint.h>\n\nint own(uint32_t x);\n' >"$tree/src/base/own.h"
accepts private
printf '#pragma once\n\nint own(uint32_t x);\n' >"$tree/src/base/own.h"
refuses "unknown type name .uint32_t" private

# --- purity

archive() # NAME CODE
{
	mkdir -p "$work/objects"
	printf '%s\n' "$2" >"$work/objects/$1.c"
	"${CC:-cc}" -O1 -w -c -o "$work/objects/$1.o" "$work/objects/$1.c"
	rm -f "$work/lib$1.a"
	ar rc "$work/lib$1.a" "$work/objects/$1.o"
}
pure() { python3 "$here/check_purity.py" nm objdump "$work/libtop.a" "$work/liblow.a" "$work/libloud.a"; }

archive low 'int low(int x) { return x + 1; }'
archive loud 'int printf(const char *, ...); int loud(int x) { return printf("%d %d", x, x); }'
archive top 'int low(int); void *malloc(unsigned long); static const char *const names[] = { "a", "b" };
	int top(int x) { return malloc(8) ? low(x) : names[x & 1][0]; }'
accepts pure
for function in open openat read write socket printf fprintf puts putchar fputs fopen fclose time clock_gettime \
	gettimeofday rand random getrandom getenv syslog ioctl stat mmap poll sleep exit opendir; do
	archive top "int $function(); int top(int x) { return $function(x, x); }"
	refuses "needs $function," pure
done
archive top 'int loud(int); int top(int x) { return loud(x); }'
refuses 'needs loud,' pure
archive top 'extern void *stderr; void *top(void) { return stderr; }'
refuses 'needs stderr,' pure
archive top 'int count; int top(void) { return ++count; }'
refuses 'count is a variable' pure
archive top 'int top(void) { static int count = 3; return ++count; }'
refuses 'count\.[0-9]+ is a variable' pure
archive top 'static const char *name = "a"; void set(const char *n) { name = n; } const char *top(void) { return name; }'
refuses 'name is a variable' pure
rm -f "$work/libtop.a"
ar rc "$work/libtop.a"
refuses 'no objects found' pure

# --- format

fresh_tree
cp "$root/.clang-format" "$tree/"
accepts "$here/check_format.sh" "$tree"
if "$here/check_format.sh" "$tree" >/dev/null 2>&1; then
	printf 'int x( int y ){return y;}\n' >"$tree/src/base/x_base.c"
	refuses 'clang-format-violations' "$here/check_format.sh" "$tree"
fi

# --- traces

traces() { "$here/check_traces.sh" "$tree" "$work/checkout"; }
fresh_tree
slash=/
echo 'see /usr/share/doc, /etc/irqherd, /proc/irq, build/ci, ${HOME}/home/x and a'"${slash}work${slash}b" >"$tree/README.md"
accepts traces
for trace in "${slash}home/somebody/x" "${slash}root/x" "${slash}work/main" "${slash}Users/me" "${slash}tmp/tmp.a1B2c3" \
	"$work/checkout/src/x.c"; do
	fresh_tree
	echo "built in $trace" >"$tree/README.md"
	refuses "README.md:1:built in" traces
done

# --- udev rules

if "$here/check_rules.sh" "$root/rules/90-irqherd.rules" >/dev/null 2>&1; then
	rules() { "$here/check_rules.sh" "$work/90.rules"; }
	for wrong in 'SUBSYSTEM=="pci", RUN+="/bin/x":^RUN' 'SUBSYSTEM=="pci", TAG+="x":^TAG' \
		'SUBSYSTEM=="pci", IMPORT{program}="x":^IMPORT' '#SUBSYSTEM=="pci", ENV{OTHER}="1":^ENV' \
		'#SUBSYSTEM=="pci", NONSENSE=="1", ENV{IRQHERD_NODE}="1":Invalid key'; do
		{ cat "$root/rules/90-irqherd.rules"; echo "${wrong%:*}"; } >"$work/90.rules"
		refuses "${wrong##*:}" rules
	done
	sed 's/^#SUBSYSTEM=="pci", KERNEL/#SUBSYSTEM=="usb", KERNEL/' "$root/rules/90-irqherd.rules" >"$work/90.rules"
	refuses 'did not set its property' rules
fi

# --- unit

unit() { "$here/check_unit.sh" "$work/irqherd.service"; }
sed 's|@CMAKE_INSTALL_FULL_SBINDIR@|/usr/sbin|' "$root/packaging/irqherd.service.in" >"$work/good.service"
cp "$work/good.service" "$work/irqherd.service"
accepts unit
for wrong in ProtectKernelTunables=yes PrivateNetwork=yes PrivateUsers=yes ProcSubset=pid ProtectProc=invisible; do
	sed "s/^\[Service\]/&\n$wrong/" "$work/good.service" >"$work/irqherd.service"
	refuses "[0-9]:$wrong" unit
done
sed 's/^\[Unit\]/&\nConflicts=irqbalance.service/' "$work/good.service" >"$work/irqherd.service"
refuses 'Conflicts=irqbalance.service' unit
sed '/^RestartPreventExitStatus/d' "$work/good.service" >"$work/irqherd.service"
refuses 'lacks RestartPreventExitStatus=77' unit
sed '/^CapabilityBoundingSet/d' "$work/good.service" >"$work/irqherd.service"
refuses 'lacks CapabilityBoundingSet=' unit
if command -v systemd-analyze >/dev/null; then
	sed 's/^WatchdogSec=.*/WatchdogSeconds=60/' "$work/good.service" >"$work/irqherd.service"
	refuses 'WatchdogSeconds' unit
	sed '/^PrivateDevices/d' "$work/good.service" >"$work/irqherd.service"
	refuses 'Overall exposure' unit
fi

# --- installed files

install_tree()
{
	rm -rf "$work/installed"
	mkdir -p "$work/installed/docs/man" "$work/installed/packaging/examples"
	touch "$work/installed/docs/architecture.md" "$work/installed/packaging/examples/proximity"
	cat >"$work/installed/CMakeLists.txt" <<-END
		cmake_minimum_required(VERSION 3.25)
		project(installed LANGUAGES NONE)
		set(s \${CMAKE_CURRENT_SOURCE_DIR}/file)
		install(PROGRAMS \${s} DESTINATION /s RENAME irqherd)
		install(PROGRAMS \${s} DESTINATION /b RENAME irqherdctl)
		foreach(f e/irqherd/irqherd.conf u/irqherd.service r/rules.d/90-irqherd.rules d/README.md d/CHANGELOG.md
				d/LICENSE d/architecture.md d/examples/proximity y/irqherd.conf t/irqherd.conf
				a/irqherd/io.irqherd.varlink a/bash-completion/completions/irqherdctl $1)
			get_filename_component(n \${f} NAME)
			get_filename_component(p \${f} DIRECTORY)
			if(NOT n STREQUAL "$2" AND NOT f STREQUAL e/irqherd/irqherd.conf)
				install(FILES \${s} DESTINATION /\${p} RENAME \${n})
			endif()
		endforeach()
		install(DIRECTORY DESTINATION /e/irqherd/irqherd.conf.d)
		$3
	END
	echo x >"$work/installed/file"
	echo x >"$work/installed/irqherd.conf"
	cmake -S "$work/installed" -B "$work/installed/build" >/dev/null
}
keep='install(CODE "if(NOT EXISTS \"\$ENV{DESTDIR}/e/irqherd/irqherd.conf\")
	file(INSTALL \"${CMAKE_CURRENT_SOURCE_DIR}/irqherd.conf\" DESTINATION /e/irqherd)
endif()")'
overwrite='install(CODE "file(REMOVE \"\$ENV{DESTDIR}/e/irqherd/irqherd.conf\")
	file(INSTALL \"${CMAKE_CURRENT_SOURCE_DIR}/irqherd.conf\" DESTINATION /e/irqherd)")'
installed()
{
	"$here/check_install.sh" cmake "$work/installed/build" "$work/installed" /s /e /u /r /m /d /y /t /a /b
}
install_tree '' '' "$keep"
accepts installed
install_tree 'd/stray' '' "$keep"
refuses '^\+/d/stray' installed
install_tree '' 90-irqherd.rules "$keep"
refuses '^-/r/rules.d/90-irqherd.rules' installed
install_tree '' '' "$overwrite"
refuses 'was overwritten' installed

if ((failures)); then
	echo "$failures guards do not guard"
	exit 1
fi
