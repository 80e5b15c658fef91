"""SOQL text to a checked query: the subset that clients of a sandbox send.

SELECT with one level of parent fields, COUNT() and FIELDS lists of names; WHERE with AND, OR, NOT, parentheses,
comparison, IN, NOT IN and LIKE; ORDER BY, LIMIT, OFFSET. Everything else is refused with the code a real org
answers.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from abm_pipeline.sandbox.salesforce.objects import CANONICAL, OBJECTS, Field

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w.]*)"
    r"|(?P<op><=|>=|!=|<>|[=<>(),]))"
)
_SPACE = re.compile(r"\s*$")


class SoqlError(Exception):
    """A query that the org refuses: `code` is Salesforce's errorCode, the message is what it would print."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Path:
    """A field of the object itself, or of a parent reached through `via`."""

    field: Field
    via: Field | None = None

    @property
    def label(self) -> str:
        """The path as columns and answers name it, e.g. `Account.Name`."""
        return f"{self.via.relation}.{self.field.name}" if self.via else self.field.name


@dataclass(frozen=True)
class Compare:
    """A comparison; `value` is a Python value, or a list for `in` and `not in`."""

    path: Path
    op: str
    value: Any


@dataclass(frozen=True)
class Logic:
    """`and`, `or` or `not` over conditions."""

    op: str
    parts: tuple[Condition, ...]


Condition = Compare | Logic


@dataclass(frozen=True)
class Query:
    """A checked query. `count` is the output name of the only column of a COUNT, empty for a plain COUNT()."""

    object: str
    select: tuple[Path, ...]
    count: str | None
    where: Condition | None
    order: tuple[tuple[Path, bool, bool], ...]
    limit: int | None
    offset: int


def parse(text: str) -> Query:
    """Parse and check a query. Raises SoqlError with MALFORMED_QUERY, INVALID_TYPE or INVALID_FIELD."""
    return _Parser(text).query()


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while not _SPACE.match(text, place):
            match = _TOKEN.match(text, place)
            if match is None:
                raise SoqlError("MALFORMED_QUERY", f"unexpected token: {text[place:].strip()[:20]}")
            kind = str(match.lastgroup)
            self.tokens.append((kind, match.group(kind), match.start(kind)))
            place = match.end()
        self.at = 0
        self.object = ""

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else "<EOF>"

    def is_word(self, *words: str) -> bool:
        return self.at < len(self.tokens) and self.peek().lower() in words

    def take(self) -> tuple[str, str, int]:
        if self.at >= len(self.tokens):
            raise SoqlError("MALFORMED_QUERY", "unexpected token: <EOF>")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, word: str) -> None:
        token = self.take()[1]
        if token.lower() != word:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{token}'")

    def accept(self, word: str) -> bool:
        if self.is_word(word):
            self.at += 1
            return True
        return False

    def query(self) -> Query:
        self.expect("select")
        names: list[tuple[str, int]] = []
        count: str | None = None
        while True:
            kind, name, place = self.take()
            if kind != "name":
                raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{name}'")
            if name.lower() == "count" and self.accept("("):
                count = "expr0" if not self.is_word(")") else ""
                if count:
                    names.append((self.take()[1], place))
                self.expect(")")
            else:
                names.append((name, place))
            if not self.accept(","):
                break
        if count is not None and len(names) > bool(count):
            raise SoqlError("MALFORMED_QUERY", "Grouped query not supported with other fields")
        self.expect("from")
        wanted = self.take()[1]
        self.object = CANONICAL.get(wanted.lower(), "")
        if not self.object:
            raise SoqlError(
                "INVALID_TYPE",
                f"\n{self.text}\nsObject type '{wanted}' is not supported. If you are attempting to use a custom "
                "object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe "
                "call for the appropriate names.",
            )
        select = tuple(self.path(name, place) for name, place in names)
        where = self.either() if self.accept("where") else None
        order = self.ordering()
        limit = int(self.take()[1]) if self.accept("limit") else None
        offset = int(self.take()[1]) if self.accept("offset") else 0
        if self.at < len(self.tokens):
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{self.peek()}'")
        return Query(self.object, select, count, where, order, limit, offset)

    def path(self, name: str, place: int) -> Path:
        owner, relation, leaf = self.object, "", name
        if "." in name:
            relation, _, leaf = name.rpartition(".")
        fields = OBJECTS[owner]
        if not relation or relation.lower() == owner.lower():
            return Path(self.find(owner, leaf, place))
        via = next((f for f in fields.values() if f.relation.lower() == relation.lower() and f.relation), None)
        if via is None:
            raise SoqlError(
                "INVALID_FIELD",
                f"\n{self.text}\n{' ' * place}^\nERROR at Row:1:Column:{place + 1}\n"
                f"Didn't understand relationship '{relation}' in field path.",
            )
        return Path(self.find(via.target, leaf, place), via)

    def find(self, owner: str, name: str, place: int) -> Field:
        for field in OBJECTS[owner].values():
            if field.name.lower() == name.lower():
                return field
        raise SoqlError(
            "INVALID_FIELD",
            f"\n{self.text}\n{' ' * place}^\nERROR at Row:1:Column:{place + 1}\nNo such column '{name}' on entity "
            f"'{owner}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom "
            "field name. Please reference your WSDL or the describe call for the appropriate names.",
        )

    def either(self) -> Condition:
        parts = [self.both()]
        while self.accept("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Logic("or", tuple(parts))

    def both(self) -> Condition:
        parts = [self.single()]
        while self.accept("and"):
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else Logic("and", tuple(parts))

    def single(self) -> Condition:
        if self.accept("not"):
            return Logic("not", (self.single(),))
        if self.accept("("):
            inner = self.either()
            self.expect(")")
            return inner
        kind, name, place = self.take()
        if kind != "name":
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{name}'")
        path = self.path(name, place)
        if path.field.type == "textarea":
            raise SoqlError("INVALID_FIELD", f"\n{self.text}\nfield '{name}' can not be filtered in a query call")
        if self.accept("not"):
            self.expect("in")
            return Compare(path, "not in", self.values(path))
        op = self.take()[1].lower()
        if op == "in":
            return Compare(path, "in", self.values(path))
        if op not in ("=", "!=", "<>", "<", "<=", ">", ">=", "like"):
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{op}'")
        return Compare(path, "!=" if op == "<>" else op, self.literal(path))

    def values(self, path: Path) -> list[Any]:
        self.expect("(")
        found = [self.literal(path)]
        while self.accept(","):
            found.append(self.literal(path))
        self.expect(")")
        return found

    def literal(self, path: Path) -> Any:
        kind, text, _ = self.take()
        wanted = path.field.type
        word = text.lower()
        if kind == "name" and word == "null":
            return None
        quoted = kind == "string"
        if wanted == "boolean" and kind == "name" and word in ("true", "false"):
            return word == "true"
        if wanted in ("double", "currency", "percent", "int") and kind == "number":
            return float(text)
        if wanted == "date" and kind == "date":
            return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days
        if wanted == "datetime" and kind == "datetime":
            return int(dt.datetime.fromisoformat(text).timestamp())
        if wanted not in ("boolean", "double", "currency", "percent", "int", "date", "datetime") and quoted:
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        shown = (
            "should not be enclosed in quotes"
            if quoted
            else f"must be of type {wanted} and should be enclosed in quotes"
        )
        if wanted in ("date", "datetime") and not quoted:
            shown = f"must be of type {'dateTime' if wanted == 'datetime' else 'date'}"
        raise SoqlError("INVALID_FIELD", f"\n{self.text}\nvalue of filter criterion for field '{path.label}' {shown}")

    def ordering(self) -> tuple[tuple[Path, bool, bool], ...]:
        if not self.accept("order"):
            return ()
        self.expect("by")
        keys = []
        while True:
            _, name, place = self.take()
            path = self.path(name, place)
            descending = self.is_word("desc")
            if self.is_word("asc", "desc"):
                self.take()
            nulls_last = descending
            if self.accept("nulls"):
                nulls_last = self.take()[1].lower() == "last"
            keys.append((path, descending, nulls_last))
            if not self.accept(","):
                return tuple(keys)
