#!/usr/bin/env python3
"""Proves that an archive touches no system and keeps no state: looks at what its objects need.

Usage: check_purity.py NM OBJDUMP ARCHIVE [LOWER-ARCHIVE...]

Allowed are the C functions below and objects of the lower archives that are pure by the same rule,
so a detour by a logging or reading function of base/ is found as well. A list of what is allowed,
not of what is refused: nothing new slips through. A harmless function that is missing here may be
added.
"""

import re
import subprocess
import sys

ALLOWED = set(
    """
    memchr memcmp memcpy memmem memmove memrchr memset mempcpy rawmemchr explicit_bzero bcmp
    strcasecmp strcasestr strchr strchrnul strcmp strcpy strcspn strlen strncasecmp strncat strncmp
    strncpy strnlen strpbrk strrchr strspn strstr stpcpy strdup strndup
    strtol strtoll strtoul strtoull
    malloc calloc realloc reallocarray free
    snprintf vsnprintf asprintf vasprintf
    qsort qsort_r bsearch fnmatch
    abs labs llabs
    sqrt sqrtf pow exp exp2 expm1 log log2 log10 log1p floor ceil round lround llround fmin fmax fabs
    __assert_fail abort __errno_location __stack_chk_fail
    __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc
    __memcpy_chk __memmove_chk __memset_chk __strcpy_chk __strncpy_chk __stpcpy_chk __strcat_chk
    __snprintf_chk __vsnprintf_chk __asprintf_chk __vasprintf_chk
    __isoc23_strtol __isoc23_strtoll __isoc23_strtoul __isoc23_strtoull
    __popcountdi2 __udivti3 __umodti3
    _GLOBAL_OFFSET_TABLE_
    """.split()
)

# What compilers add for sanitizers and coverage.
INSTRUMENTATION = re.compile(r"^(__asan_|__ubsan_|__sanitizer_|__sancov_|__odr_asan|__gcov_|__llvm_|llvm_|__tsan_)")

SYMBOL = re.compile(r"^(?P<archive>.*)\[(?P<member>[^\]]+)\]: (?P<name>\S+) (?P<kind>[A-Za-z])\b")
WRITABLE = re.compile(r"^[0-9a-f]+ .{7} (\.bss\S*|\.data(?!\.rel\.ro)\S*|\.tbss\S*|\.tdata\S*|\*COM\*)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$")


class Member:
    def __init__(self):
        self.defined = set()
        self.needed = set()


def members_of(nm, archive):
    members = {}
    output = subprocess.run([nm, "-A", "-P", archive], check=True, capture_output=True, text=True).stdout
    for line in output.splitlines():
        match = SYMBOL.match(line)
        if not match:
            continue
        member = members.setdefault(match["member"], Member())
        # w, v: weak and undefined. W, V: weak and defined. Lower-case others: local.
        if match["kind"] in "Uwv":
            member.needed.add(match["name"])
        else:
            member.defined.add(match["name"])
    return members


def instrumented(members):
    return any(INSTRUMENTATION.match(name) for member in members.values() for name in member.needed)


def impure_needs(member, known):
    return sorted(
        name
        for name in member.needed
        if name not in ALLOWED and name not in known and not INSTRUMENTATION.match(name)
    )


def pure_symbols(archives):
    """Symbols of those members that need only allowed functions and other pure members."""
    members = [member for archive in archives for member in archive.values()]
    while True:
        known = set().union(*(member.defined for member in members)) if members else set()
        pure = [member for member in members if not impure_needs(member, known)]
        if len(pure) == len(members):
            return known
        members = pure


def writable_variables(objdump, archive):
    output = subprocess.run([objdump, "-t", archive], check=True, capture_output=True, text=True).stdout
    found = []
    member = ""
    for line in output.splitlines():
        if ": " in line and "file format" in line:
            member = line.split(":")[0]
        match = WRITABLE.match(line)
        if match and match[2] != match[1]:
            found.append((member, match[2]))
    return found


def main():
    nm, objdump, archive, *lower = sys.argv[1:]
    members = members_of(nm, archive)
    if not members:
        sys.exit(f"{archive}: no objects found")

    own = set().union(*(member.defined for member in members.values()))
    known = own | pure_symbols([members_of(nm, name) for name in lower])
    problems = [
        f"{name}: needs {symbol}, which touches the system or is not on the list of those that do not"
        for name, member in sorted(members.items())
        for symbol in impure_needs(member, known)
    ]
    # Instrumented objects are full of the instruments' own variables.
    if not instrumented(members):
        problems += [
            f"{name}: {variable} is a variable that outlives a call"
            for name, variable in writable_variables(objdump, archive)
        ]

    for problem in problems:
        print(problem)
    print(f"{len(members)} objects, {len(problems)} impurities")
    sys.exit(1 if problems else 0)


main()
