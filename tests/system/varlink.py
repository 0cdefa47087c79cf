"""A varlink client and a reader of interface files, written from varlink.org's description alone: it
shares no line and no library with what it tests. Python's standard library only.
"""

import json
import re
import socket


class Error(Exception):
    """An error reply."""

    def __init__(self, name, parameters):
        super().__init__(f"{name} {parameters}")
        self.name = name
        self.parameters = parameters


class Closed(Exception):
    """The service closed the connection."""


class Client:
    """One connection. Messages are JSON objects, each ended by a NUL byte."""

    def __init__(self, path, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, method, parameters=None, **flags):
        message = {"method": method}
        if parameters is not None:
            message["parameters"] = parameters
        message.update(flags)
        self.socket.sendall(json.dumps(message).encode() + b"\0")

    def receive(self):
        """The next reply, as it is."""
        while b"\0" not in self.received:
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                part = b""
            if not part:
                raise Closed
            self.received += part
        message, self.received = self.received.split(b"\0", 1)
        reply = json.loads(message)
        if not isinstance(reply, dict) or set(reply) - {"parameters", "continues", "error"}:
            raise ValueError(f"not a reply: {reply}")
        return reply

    def take(self):
        """The parameters of the next reply, and whether more follow."""
        reply = self.receive()
        if "error" in reply:
            raise Error(reply["error"], reply.get("parameters", {}))
        return reply.get("parameters", {}), reply.get("continues", False)

    def call(self, method, **parameters):
        self.send(method, parameters)
        answer, continues = self.take()
        if continues:
            raise ValueError(f"{method} goes on, though nobody asked for more")
        return answer

    def stream(self, method, **parameters):
        """The answers one by one. The call is sent at once."""
        self.send(method, parameters, more=True)
        return self._take_all()

    def _take_all(self):
        continues = True
        while continues:
            answer, continues = self.take()
            yield answer


# ---------------------------------------------------------------------------------------------------
# interface files

TOKEN = re.compile(r"->|[A-Za-z][A-Za-z0-9_.-]*|\[|\]|\(|\)|\?|:|,")
BASIC = {"bool": bool, "int": int, "float": (int, float), "string": str, "object": object}


class Interface:
    """What an interface file declares, and whether values fit to it."""

    def __init__(self, text):
        self.types, self.methods, self.errors = {}, {}, {}
        lines = (line.split("#", 1)[0] for line in text.splitlines())
        self.tokens = TOKEN.findall("\n".join(lines))
        left = TOKEN.sub("", "\n".join(line.split("#", 1)[0] for line in text.splitlines())).strip()
        if left:
            raise ValueError(f"not varlink: {left!r}")
        self._expect("interface")
        self.name = self._next()
        while self.tokens:
            kind, name = self._next(), self._next()
            if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
                raise ValueError(f"not a name: {name}")
            if kind == "type":
                self.types[name] = self._type()
            elif kind == "method":
                takes = self._type()
                self._expect("->")
                self.methods[name] = (takes, self._type())
            elif kind == "error":
                self.errors[name] = self._type()
            else:
                raise ValueError(f"not a declaration: {kind}")

    def _next(self):
        if not self.tokens:
            raise ValueError("the file ends early")
        return self.tokens.pop(0)

    def _expect(self, token):
        found = self._next()
        if found != token:
            raise ValueError(f"{token} expected, not {found}")

    def _type(self):
        """("maybe", type), ("list", type), ("map", type), ("struct", {…}), ("enum", {…}) or a name."""
        token = self._next()
        if token == "?":
            return "maybe", self._type()
        if token == "[":
            if self.tokens[0] == "string":
                self._next()
                self._expect("]")
                return "map", self._type()
            self._expect("]")
            return "list", self._type()
        if token != "(":
            return "name", token
        return self._fields()

    def _fields(self):
        fields, words = {}, set()
        while self.tokens[0] != ")":
            name = self._next()
            if self.tokens[0] == ":":
                self._next()
                fields[name] = self._type()
            else:
                words.add(name)
            if self.tokens[0] != ",":
                break
            self._next()
        self._expect(")")
        if fields and words:
            raise ValueError("neither a struct nor an enum")
        return ("enum", words) if words else ("struct", fields)

    def misfit(self, value, kind, place="reply"):
        """What does not fit; None: everything does."""
        sort, what = kind
        if sort == "maybe":
            return None if value is None else self.misfit(value, what, place)
        if sort == "name" and what in BASIC:
            good = isinstance(value, BASIC[what]) and not (isinstance(value, bool) and what in ("int", "float"))
            return None if good else f"{place} is no {what}: {value!r}"
        if sort == "name":
            return self.misfit(value, self.types[what], place)
        if sort == "enum":
            return None if value in what else f"{place} is none of {sorted(what)}: {value!r}"
        if sort == "list":
            if not isinstance(value, list):
                return f"{place} is no list: {value!r}"
            found = (self.misfit(item, what, f"{place}[{i}]") for i, item in enumerate(value))
            return next(filter(None, found), None)
        if not isinstance(value, dict):
            return f"{place} is no object: {value!r}"
        if sort == "map":
            found = (self.misfit(item, what, f"{place}[{key}]") for key, item in value.items())
            return next(filter(None, found), None)
        unknown = set(value) - set(what)
        if unknown:
            return f"{place} has fields that nobody declared: {sorted(unknown)}"
        found = (self.misfit(value.get(name), field, f"{place}.{name}") for name, field in what.items())
        return next(filter(None, found), None)

    def check_answer(self, method, answer):
        wrong = self.misfit(answer, self.methods[method][1], method)
        if wrong:
            raise ValueError(wrong)
        return answer

    def check_error(self, error):
        name = error.name.removeprefix(self.name + ".")
        if name not in self.errors:
            raise ValueError(f"{error.name} is not declared")
        wrong = self.misfit(error.parameters, self.errors[name], name)
        if wrong:
            raise ValueError(wrong)
        return error
