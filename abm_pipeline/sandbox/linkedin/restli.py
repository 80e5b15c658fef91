"""Rest.li query strings to values: protocol 2.0 (`List(a,b)`, `(k:v)`), and the dotted and indexed keys of protocol 1.

Structure must arrive literally; percent-encoding is undone only in the leaves. A client that encodes brackets gets
a text, as it would from the real parser.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

_PART = re.compile(r"\.([A-Za-z]\w*)|\[(\d+)\]|^([A-Za-z_]\w*)")


class RestliError(ValueError):
    """A query string that cannot be read."""


def parse_query(raw: str) -> dict[str, Any]:
    """Values of a raw query string by parameter."""
    out: dict[str, Any] = {}
    for pair in raw.split("&"):
        if not pair:
            continue
        key, _, value = pair.partition("=")
        steps = [a or b or c for a, b, c in _PART.findall(unquote(key))]
        if not steps:
            raise RestliError(key)
        _place(out, steps, parse_value(value))
    return {key: _settle(value) for key, value in out.items()}


def parse_value(text: str) -> Any:
    """One value: a list, an object or a text."""
    value, end = _value(text, 0, top=True)
    if end != len(text):
        raise RestliError(text)
    return value


def _value(text: str, at: int, top: bool = False) -> tuple[Any, int]:
    if text.startswith("List(", at):
        return _items(text, at + 5)
    if text.startswith("(", at):
        return _members(text, at + 1)
    end = at
    stop = "" if top else ",)"
    while end < len(text) and text[end] not in stop:
        end += 1
    return unquote(text[at:end].replace("+", " ") if top else text[at:end]), end


def _items(text: str, at: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    if text[at : at + 1] == ")":
        return items, at + 1
    while True:
        item, at = _value(text, at)
        items.append(item)
        if text[at : at + 1] == ")":
            return items, at + 1
        if text[at : at + 1] != ",":
            raise RestliError(text)
        at += 1


def _members(text: str, at: int) -> tuple[dict[str, Any], int]:
    members: dict[str, Any] = {}
    if text[at : at + 1] == ")":
        return members, at + 1
    while True:
        colon = text.find(":", at)
        if colon < 0:
            raise RestliError(text)
        members[unquote(text[at:colon])], at = _value(text, colon + 1)
        if text[at : at + 1] == ")":
            return members, at + 1
        if text[at : at + 1] != ",":
            raise RestliError(text)
        at += 1


def _place(out: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        child = out.setdefault(step, {})
        if not isinstance(child, dict):
            raise RestliError(step)
        out = child
    out[steps[-1]] = value


def _settle(value: Any) -> Any:
    """Objects whose keys are all numbers were indexed lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_settle(value[key]) for key in sorted(value, key=int)]
    return {key: _settle(item) for key, item in value.items()}
