"""What can go wrong at a vendor, grouped by what recovers it: waiting, a person, or leaving something out.

A message names vendor, stream, status, the vendor's error code and the remedy. Never a response body, a token or an
e-mail address: vendors echo input in their messages.
"""

from __future__ import annotations

import re
from typing import Self

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")


class SourceError(Exception):
    """A vendor's answer could not be used. `status` is the HTTP status, `code` the vendor's own error code."""

    def __init__(
        self,
        what: str,
        *,
        vendor: str,
        stream: str = "",
        status: int | None = None,
        code: str | None = None,
        remedy: str = "",
    ) -> None:
        self.what, self.vendor, self.stream, self.status, self.remedy = what, vendor, stream, status, remedy
        self.code = code if code is not None and _CODE.fullmatch(code) else None
        super().__init__(what)

    def __str__(self) -> str:
        where = f"{self.vendor} {self.stream}".strip()
        facts = ", ".join(str(fact) for fact in (self.status and f"HTTP {self.status}", self.code) if fact)
        text = f"{where}: {self.what}" + (f" ({facts})" if facts else "")
        return f"{text}. {self.remedy}" if self.remedy else text

    __repr__ = __str__


class Retriable(SourceError):  # noqa: N818 - named by what recovers it
    """Waiting helps: throttled, down, cut off. `retry_after` is the wait in seconds that the vendor asked for."""

    retry_after: float | None = None

    def asking_for(self, seconds: float | None) -> Self:
        """The same error with the vendor's wish."""
        self.retry_after = seconds
        return self

    def given_up(self, tries: int) -> Self:
        """The same error, told after the last try."""
        self.what += f", {tries} times" if tries > 1 else ""
        self.remedy = self.remedy or "Run the same days again when the vendor is back; nothing is lost."
        return self


class Permanent(SourceError):  # noqa: N818
    """Only a person can help: credentials, permissions, a quota used up, a request the vendor refuses."""


class Skippable(SourceError):  # noqa: N818
    """The vendor does not offer this stream to this customer; the others go on and a note says so."""


class Rejected(SourceError):  # noqa: N818
    """Some of what was given can't be used, and only a person can mend it. All that was handed on before is stored."""
