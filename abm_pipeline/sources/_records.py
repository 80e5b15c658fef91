"""Making records: payloads, versions by content, and records too broken to say who they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

import orjson

from abm_pipeline.sources._spec import Record


def payloads(rows: Sequence[Any]) -> list[bytes]:
    """Each row as JSON, all in one go where they are objects that begin with the same key: half the time.

    The text of all is cut where an object ends and one with that key begins. Within a text that can't stand, as quotes
    are escaped there. Among nested objects it can: then there are too many pieces, and rows are written one by one.
    """
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        return [orjson.dumps(row) for row in rows]
    keys = {next(iter(row)) for row in rows}
    begin = b"{" + orjson.dumps(keys.pop()) + b":"
    pieces = orjson.dumps(rows)[len(begin) + 1 : -2].split(b"}," + begin) if not keys else []
    if len(pieces) != len(rows):
        return [orjson.dumps(row) for row in rows]
    return [begin + piece + b"}" for piece in pieces]


def digest(payload: bytes) -> str:
    """A version for records that carry no stamp: equal for equal content."""
    return blake2b(payload, digest_size=12).hexdigest()


def unreadable(row: Any, at: datetime | date) -> Record:
    """A record without usable id or stamp, kept under its own digest so that staging can put it into quarantine."""
    payload = orjson.dumps(row)
    version = digest(payload)
    return Record(f"unreadable:{version}", version, at, payload)
