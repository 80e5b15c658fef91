"""What every vendor's client shares: one session, entered and left, and notes on what was fetched.

Belongs here: life cycle and notes. Not here: requests (`_http`), and what a vendor is asked (its `client.py`).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from abm_pipeline.sources._http import Session
from abm_pipeline.sources._spec import Stream

Note = int | float | str


class VendorClient:
    """A client with one session. A vendor's own says `check` and `fetch` (see `_spec.Client`)."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._notes: dict[str, dict[str, Note]] = defaultdict(dict)

    def __enter__(self) -> Self:
        self._session.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.__exit__()

    def notes(self, stream: Stream) -> Mapping[str, Note]:
        """What was noted of the stream so far."""
        return self._notes[stream.name]

    def _count(self, stream: Stream, what: str, by: int = 1) -> None:
        """Add to a note that is a number."""
        with self._lock:
            self._notes[stream.name][what] = int(self._notes[stream.name].get(what, 0)) + by
