# To be sourced: the files of the project below $1, NUL-separated, without what a build leaves.
project_files()
{
	if git -C "$1" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git -C "$1" ls-files -z --cached --others --exclude-standard
	else
		(cd "$1" && find . \( -name .git -o -name .cache -o -name 'build*' \) -prune \
			-o -type f -printf '%P\0')
	fi
}
