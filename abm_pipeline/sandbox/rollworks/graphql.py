"""GraphQL queries read into fields, as far as reporting needs: nesting, aliases, arguments; no variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

_TOKEN = re.compile(r'\s*(?:#[^\n]*\n\s*|,\s*)*(?P<token>[{}()\[\]:!$]|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|\w+|\S)')


class GraphqlError(Exception):
    """A query that is refused; the message may be shown."""


@dataclass(frozen=True)
class Field:
    """A field of a selection: its `key` in the answer is its alias, or its name."""

    key: str
    name: str
    arguments: Mapping[str, Any]
    fields: tuple[Field, ...]


def read(text: str) -> tuple[Field, ...]:
    """The fields of a query's root. Raises GraphqlError."""
    tokens = [found["token"] for found in _TOKEN.finditer(text + "\n")]
    reader = _Reader(tokens)
    if reader.peek() == "query":
        reader.take()
        if reader.peek() != "{":
            reader.take()
    fields = reader.selection()
    if reader.peek() is not None:
        raise GraphqlError(f"Syntax Error: Unexpected {reader.peek()}")
    return fields


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if token is None or (wanted is not None and token != wanted):
            raise GraphqlError(f"Syntax Error: Expected {wanted}, found {token or 'the end'}")
        self._at += 1
        return token

    def selection(self) -> tuple[Field, ...]:
        self.take("{")
        fields = []
        while self.peek() != "}":
            fields.append(self._field())
        self.take("}")
        if not fields:
            raise GraphqlError("Syntax Error: Expected Name, found }")
        return tuple(fields)

    def _field(self) -> Field:
        key = name = self._name()
        if self.peek() == ":":
            self.take()
            name = self._name()
        arguments = {}
        if self.peek() == "(":
            self.take()
            while self.peek() != ")":
                argument = self._name()
                self.take(":")
                arguments[argument] = self._value()
            self.take(")")
        return Field(key, name, arguments, self.selection() if self.peek() == "{" else ())

    def _name(self) -> str:
        token = self.take()
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise GraphqlError(f"Syntax Error: Expected Name, found {token}")
        return token

    def _value(self) -> Any:
        token = self.take()
        if token == "[":
            values = []
            while self.peek() != "]":
                values.append(self._value())
            self.take("]")
            return values
        if token in ("true", "false"):
            return token == "true"
        if token == "null":
            return None
        try:
            return orjson.loads(token)
        except orjson.JSONDecodeError:
            # The name of an enum's value; the reporting API takes ids without quotes too.
            if re.fullmatch(r"\w+", token):
                return token
            raise GraphqlError(f"Syntax Error: Unexpected {token}") from None
