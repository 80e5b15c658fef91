"""Making records: versions by content, and records too broken to say who they are."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import blake2b
from typing import Any

import orjson

from abm_pipeline.sources._spec import Record


def digest(payload: bytes) -> str:
    """A version for records that carry no stamp: equal for equal content."""
    return blake2b(payload, digest_size=12).hexdigest()


def unreadable(row: Any, at: datetime | date) -> Record:
    """A record without usable id or stamp, kept under its own digest so that staging can put it into quarantine."""
    payload = orjson.dumps(row)
    version = digest(payload)
    return Record(f"unreadable:{version}", version, at, payload)
