# To be sourced: what "cmake --install" installs. Makes $work, a folder that goes at the end.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# installed SOURCE OPTION...: paths, sorted, of an installation below /usr as a distribution's packager makes it. Empty
# files stand in for what is compiled: names are what counts.
installed()
{
	local source=$1
	shift
	cmake -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX=/usr -DIRQHERD_TESTS=OFF "$@" \
		>"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
	cmake --build "$work/build" --target man >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
	for name in $(programs "$source"); do
		install -D -m 755 /bin/true "$work/build/src/$name"
	done
	DESTDIR=$work/installed cmake --install "$work/build" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
	(cd "$work/installed" && find . -type f -o -type l) | sed 's/^\.//' | sort
}

# The names of the programs that are built, out of src/CMakeLists.txt.
programs()
{
	sed -n 's/^[\t ]*add_executable(\([a-z]*\) .*/\1/p' "$1/src/CMakeLists.txt"
}
