"""Which vendors are switched on: their credentials, from the environment and `.env`.

A vendor without any credential is off; one with some but not all is incomplete, which is an error worth telling.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values

from abm_pipeline.settings import Settings
from abm_pipeline.sources._credentials import Credentials
from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._spec import SourceSpec


@dataclass(frozen=True)
class Status:
    """Whether a vendor can be pulled; `missing` are the variables that would complete it."""

    state: Literal["off", "on", "incomplete"]
    missing: tuple[str, ...] = ()


def read(spec: SourceSpec) -> dict[str, str]:
    """The vendor's variables that are set, and defaults. The environment wins over `.env`; empty is not set."""
    values = {**dotenv_values(".env"), **os.environ}
    out: dict[str, str] = {}
    for credential in (*spec.credentials, spec.base_url):
        value = values.get(credential.env) or credential.default
        if value:
            out[credential.env] = value
    return out


def status(spec: SourceSpec) -> Status:
    """Whether the vendor is switched on."""
    have = read(spec)
    known = (*spec.credentials, spec.base_url)
    missing = [c.env for c in known if c.is_required and c.env not in have]
    if spec.one_of:
        gaps: list[list[str]] = [[env for env in group if env not in have] for group in spec.one_of]
        missing = missing + sorted(gaps, key=len)[0]
    if not any(credential.env in have for credential in known if credential.default is None):
        return Status("off", tuple(missing))
    return Status("incomplete" if missing else "on", tuple(missing))


def required(spec: SourceSpec, home: Path | None = None) -> Credentials:
    """The vendor's credentials; what it rotates is kept under `home`. Raises Permanent if it isn't switched on."""
    state = status(spec)
    if state.state != "on":
        raise Permanent(
            "no credentials" if state.state == "off" else "credentials incomplete",
            vendor=spec.vendor,
            remedy=f"Set {', '.join(state.missing)} in the environment or in .env; .env.example says what they are.",
        )
    return Credentials(read(spec), home and home / "credentials")


def check(spec: SourceSpec, settings: Settings) -> str:
    """Log in and make one cheap call; returns what to tell a person. Raises SourceError."""
    with spec.connect(required(spec, settings.home), settings.programme) as client:
        return client.check()
