"""What every vendor's client shares: one session, entered and left, reading ahead, and notes on what was fetched.

Belongs here: life cycle and notes. Not here: requests (`_http`), and what a vendor is asked (its `client.py`).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from abm_pipeline.sources._http import Session
from abm_pipeline.sources._spec import Stream

Note = int | float | str
T = TypeVar("T")


class VendorClient:
    """A client with one session. A vendor's own says `check` and `fetch` (see `_spec.Client`)."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._notes: dict[str, dict[str, Note]] = defaultdict(dict)
        self._pool = ThreadPoolExecutor(thread_name_prefix=f"{session.vendor}-ahead")

    def __enter__(self) -> Self:
        self._session.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._session.__exit__()

    def _ahead(self, ask: Callable[[], T]) -> Future[T]:
        """Begin to ask for the next page while the present one is taken apart; `result()` is the answer or its error.

        Only for a page that is wanted in any case: nobody takes the request back.
        """
        return self._pool.submit(ask)

    def notes(self, stream: Stream) -> Mapping[str, Note]:
        """What was noted of the stream so far."""
        return self._notes[stream.name]

    def _count(self, stream: Stream, what: str, by: int = 1) -> None:
        """Add to a note that is a number."""
        with self._lock:
            self._notes[stream.name][what] = int(self._notes[stream.name].get(what, 0)) + by
