#!/bin/bash
# Installs what a build needs, with --tests what the tests need too, with --packages also what builds and judges packages and
# images. Usage: install-deps.sh [--tests | --packages]
#
# Asks nothing, touches nothing that is there, and reaches for the package lists only if something is missing.
set -euo pipefail

build=(gcc cmake ninja-build pkg-config libudev-dev libmnl-dev libnl-3-dev libnl-genl-3-dev libev-dev libjansson-dev
	libncurses-dev scdoc)
tests=(libcmocka-dev clang libclang-rt-dev clang-format strace valgrind udev iproute2 ethtool bzip2 xz-utils python3
	util-linux hwloc-nox python3-yaml tmux)
packages=(debhelper dh-apparmor dpkg-dev fakeroot lintian rpm mmdebstrap e2fsprogs apparmor crun prometheus
	systemd-container)

wanted=("${build[@]}")
case "${1-}" in
'') ;;
--tests) wanted+=("${tests[@]}") ;;
--packages) wanted+=("${tests[@]}" "${packages[@]}") ;;
*)
	echo "usage: $0 [--tests | --packages]" >&2
	exit 2
	;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	cat >&2 <<-END
		This is not a Debian-like system: nothing is installed. If the build stops for something that is missing,
		these are the packages by their Debian names:
		  ${wanted[*]}
	END
	exit 0
fi

# The sanitizers' runtime is named after the compiler's version; the plain name came after Debian 12.
if [[ $(. /etc/os-release && echo "${VERSION_CODENAME-}") == bookworm ]]; then
	wanted=("${wanted[@]/#libclang-rt-dev/libclang-rt-14-dev}")
fi

installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
	sed -n 's/^installed //p' | tr ',\n' '  ') "
missing=()
for package in "${wanted[@]}"; do
	# Another package may take this one's part: hwloc for hwloc-nox, pkgconf for pkg-config.
	case $package in
	hwloc-nox) [[ $installed != *" hwloc "* ]] || continue ;;
	pkg-config) [[ $installed != *" pkgconf "* ]] || continue ;;
	esac
	[[ $installed == *" $package "* ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
	exit 0
fi

as_root=()
if ((EUID != 0)); then
	if ! command -v sudo >/dev/null; then
		echo "Missing, and neither root nor sudo is here to install it: ${missing[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null ||
	echo "the package lists could not be refreshed, going on with the present ones" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
	"${missing[@]}" </dev/null
