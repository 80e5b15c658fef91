"""Following continuation tokens: stop on the vendor's end mark, never on a short page, and never for ever."""

from __future__ import annotations

from abm_pipeline.sources._errors import Permanent


class LoopGuard:
    """Remembers the tokens of one slice; a token that comes twice would page for ever."""

    def __init__(self, vendor: str, stream: str) -> None:
        self._vendor, self._stream = vendor, stream
        self._seen: set[str] = set()

    def pass_on(self, token: str) -> str:
        """The token, if it is new. Raises Permanent if it has been followed before."""
        if token in self._seen:
            raise Permanent(
                f"the token for page {len(self._seen) + 2} has been given before, so paging would never end",
                vendor=self._vendor,
                stream=self._stream,
                remedy="Run again; if it stays, report it to the vendor.",
            )
        self._seen.add(token)
        return token
