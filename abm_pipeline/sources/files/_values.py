"""Values of a file's row as canonical ones: text to numbers, days and instants as declared, and what breaks a rule.

Belongs here: one reader for each canonical type. A value that can't be read is told as a rule; the caller
knows the line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from abm_pipeline.contracts.currencies import CURRENCIES
from abm_pipeline.contracts.fields import Field, Type
from abm_pipeline.sources._files import Found
from abm_pipeline.sources.files._declaration import Column, Declaration

# From what a file says (None: nothing) to a JSON value. Raises ValueError with the rule that is broken.
Reader = Callable[[Any], Any]
_TRUE, _FALSE = frozenset({"true", "yes", "y", "1", "x", "t"}), frozenset({"false", "no", "n", "0", "f"})
_GROUPED = re.compile(r"^-?\d{1,3}(,\d{3})+(\.\d+)?$")


def reader(declaration: Declaration, name: str) -> Callable[[Found], Callable[[dict[str, Any]], Any]]:
    """For a canonical column and a file, the function from a row to the column's value."""
    column, field = declaration.columns[name], declaration.target.field(name)
    read = _checked(field, _typed(declaration, column, field), column.required or name in declaration.target.required)

    def of_file(found: Found) -> Callable[[dict[str, Any]], Any]:
        if column.field is not None:
            key = column.field
            return lambda fields: read(_said(fields.get(key), column))
        said: Any = column.constant
        if column.file_name is not None:
            match = re.search(column.file_name, found.name)
            said = match[1] if match else None
        elif column.modified:
            said = found.modified if field.type is Type.TIMESTAMP else found.modified.date()
        return lambda fields: read(_said(said, column))

    return of_file


def _said(value: Any, column: Column) -> Any:
    """What the file says, in our words; None for nothing."""
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return None
    if column.values:
        value = column.values.get(str(value), value)
    return f"{column.prefix}{value}" if column.prefix else value


def _checked(field: Field, read: Reader, is_required: bool) -> Reader:
    values, low, high = frozenset(field.values), field.low, field.high

    def checked(said: Any) -> Any:
        if said is None:
            if is_required:
                raise ValueError("empty")
            return None
        value = read(said)
        if values and value not in values:
            raise ValueError("unknown_value")
        if low is not None and float(value) < low:
            raise ValueError("too_low")
        if high is not None and float(value) > high:
            raise ValueError("too_high")
        if field.name == "currency" and value not in CURRENCIES:
            raise ValueError("unknown_currency")
        return value

    return checked


def _typed(declaration: Declaration, column: Column, field: Field) -> Reader:
    comma = declaration.decimal_comma if column.decimal_comma is None else column.decimal_comma
    pattern = column.date_format or declaration.date_format
    readers: dict[Type, Reader] = {
        Type.TEXT: str,
        Type.INT: lambda said: _whole(_number(said, comma)),
        Type.FLOAT: lambda said: float(_number(said, comma)),
        Type.MONEY: lambda said: str(_number(said, comma)),
        Type.BOOL: _bool,
        Type.DATE: lambda said: _day(said, pattern),
        Type.TIMESTAMP: lambda said: _instant(said, pattern),
    }
    return readers[field.type]


def _number(said: Any, comma: bool) -> Decimal:
    """A number as people write it: grouped by thousands or not, with a decimal comma if that is declared."""
    if isinstance(said, bool) or (isinstance(said, float) and not math.isfinite(said)):
        raise ValueError("not_a_number")
    text = str(said).replace("\u00a0", "").replace(" ", "").replace("'", "")
    if isinstance(said, str):
        if comma:
            text = text.replace(".", "").replace(",", ".")
        elif _GROUPED.match(text):
            text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("not_a_number") from None
    if not number.is_finite():
        raise ValueError("not_a_number")
    return number


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value():
        raise ValueError("not_a_whole_number")
    return int(number)


def _bool(said: Any) -> bool:
    text = str(said).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("not_yes_or_no")


def _day(said: Any, pattern: str | None) -> str:
    if isinstance(said, datetime):
        return said.date().isoformat()
    if isinstance(said, date):
        return said.isoformat()
    try:
        if pattern is not None:
            return datetime.strptime(str(said), pattern).date().isoformat()
        return datetime.fromisoformat(str(said)).date().isoformat()
    except ValueError:
        raise ValueError("not_a_day") from None


def _instant(said: Any, pattern: str | None) -> str:
    """An instant; one without a zone is UTC, a day alone is its noon."""
    try:
        if isinstance(said, datetime):
            when = said
        elif isinstance(said, date):
            when = datetime(said.year, said.month, said.day, 12)
        else:
            text = str(said)
            when = datetime.strptime(text, pattern) if pattern is not None else datetime.fromisoformat(text)
            is_day = "%H" not in pattern and "%I" not in pattern if pattern is not None else len(text) <= 10
            when = when.replace(hour=12) if is_day else when
    except ValueError:
        raise ValueError("not_an_instant") from None
    return (when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)).isoformat()
