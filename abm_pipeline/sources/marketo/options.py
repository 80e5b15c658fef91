"""What a programme tells about its Marketo: `sources.marketo` in programme.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """`lifecycle_field`: REST name of the field that holds a lead's stage; `stages`: its values that are ours.

    `since`: leads and activities from that day on are loaded first; null: from the programme's history_start on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lifecycle_field: str = "leadStatus"
    stages: Mapping[str, Literal["mql", "sql"]] = {"MQL": "mql", "SQL": "sql"}
    since: date | None = None
