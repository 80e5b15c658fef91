"""A vendor's credentials as its client gets them, some of which the vendor changes by itself.

Belongs here: keeping rotated refresh tokens. Which variables there are is declared by each SPEC, and whether a vendor
is switched on is decided in `credentials`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

import orjson


class Credentials(Mapping[str, str]):
    """A vendor's variables, and where the values are kept that the vendor changes by itself (rotating refresh tokens).

    A kept value counts as long as the variable is the one that it came from: a new one in the environment wins.
    """

    def __init__(self, values: Mapping[str, str], folder: Path | None = None) -> None:
        self._values, self._folder = dict(values), folder

    def __getitem__(self, env: str) -> str:
        given = self._values[env]
        kept = self._kept(env)
        return kept["value"] if kept.get("given") == _mark(given) else given

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keep(self, env: str, value: str) -> None:
        """Use `value` for the variable from now on, in later runs too. It is on disk when this returns.

        Without a folder it is used as long as this object lives.
        """
        if value == self[env]:
            return
        if self._folder is None:
            self._values[env] = value
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._folder / f".{env}.{uuid.uuid4().hex}"
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps({"given": _mark(self._values[env]), "value": value}))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._folder / f"{env}.json")

    def _kept(self, env: str) -> dict[str, str]:
        if self._folder is None:
            return {}
        try:
            said = orjson.loads((self._folder / f"{env}.json").read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return {}
        return said if isinstance(said, dict) else {}


def _mark(value: str) -> str:
    """Tells whether a variable is still the one a kept value came from, without telling the variable."""
    return blake2b(value.encode(), digest_size=16).hexdigest()
