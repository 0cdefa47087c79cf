"""Holds JSON against the types of io.irqherd.varlink: the interface file is the schema of the answers.

The grammar is that of varlink.org, as far as the interface uses it.
"""

import re

TOKEN = re.compile(r"#[^\n]*|->|\[string\]|\[\]|[?():,]|[A-Za-z][A-Za-z0-9_.]*")


class Interface:
    def __init__(self, text):
        self.tokens = [token for token in TOKEN.findall(text) if not token.startswith("#")]
        self.types, self.replies = {}, {}
        assert self._next() == "interface"
        self._next()
        while self.tokens:
            keyword, name = self._next(), self._next()
            if keyword == "type":
                self.types[name] = self._struct()
            elif keyword == "method":
                self._struct()
                assert self._next() == "->"
                self.replies[name] = self._struct()
            else:
                assert keyword == "error", keyword
                self._struct()

    def _next(self):
        return self.tokens.pop(0)

    def _struct(self):
        """Fields as a dict, or the words of an enum as a list."""
        assert self._next() == "("
        fields, words = {}, []
        while self.tokens[0] != ")":
            name = self._next()
            if self.tokens[0] == ":":
                self._next()
                fields[name] = self._type()
            else:
                words.append(name)
            if self.tokens[0] == ",":
                self._next()
        self._next()
        return words if words else fields

    def _type(self):
        if self.tokens[0] in ("?", "[]", "[string]"):
            return self._next(), self._type()
        return self._struct() if self.tokens[0] == "(" else self._next()

    def problems(self, value, kind, where):
        """What is wrong with a value, as texts."""
        if isinstance(kind, tuple):
            prefix, inner = kind
            if prefix == "?":
                return self.problems(value, inner, where)
            if prefix == "[]":
                if not isinstance(value, list):
                    return [f"{where}: no array"]
                return [problem for index, item in enumerate(value)
                        for problem in self.problems(item, inner, f"{where}[{index}]")]
            if not isinstance(value, dict):
                return [f"{where}: no map"]
            return [problem for key, item in value.items()
                    for problem in self.problems(item, inner, f"{where}.{key}")]
        if isinstance(kind, list):
            return [] if value in kind else [f"{where}: {value!r} is none of {kind}"]
        if isinstance(kind, dict):
            return self._struct_problems(value, kind, where)
        simple = {"string": str, "int": int, "bool": bool, "float": (int, float)}
        if kind in simple:
            good = isinstance(value, simple[kind]) and (kind == "bool") == isinstance(value, bool)
            return [] if good else [f"{where}: {value!r} is no {kind}"]
        if kind == "object":
            return []
        return self.problems(value, self.types[kind], where)

    def _struct_problems(self, value, fields, where):
        if not isinstance(value, dict):
            return [f"{where}: no object"]
        problems = [f"{where}.{name}: not in the interface" for name in value if name not in fields]
        for name, kind in fields.items():
            if name in value:
                problems += self.problems(value[name], kind, f"{where}.{name}")
            elif not (isinstance(kind, tuple) and kind[0] == "?"):
                problems.append(f"{where}.{name}: missing")
        return problems

    def check(self, method, reply):
        return self.problems(reply, self.replies[method], method)
