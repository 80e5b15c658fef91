"""Segment's archive: packed JSON lines in folders by source and day of receipt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from abm_pipeline.programme import Programme
from abm_pipeline.sources import _files
from abm_pipeline.sources._events import EventsClient

VENDOR, FOLDER, PATTERN = "segment", "ABM_SEGMENT_PATH", "**/*"
# segment-logs/{source}/{midnight of the day in ms}/{file}.gz; also copies in folders by ISO day.
_MILLISECONDS, _DAY = re.compile(r"(?:^|/)(\d{13})/"), re.compile(r"\d{4}-\d{2}-\d{2}")


class Client(EventsClient):
    """The folder that the archive is copied to."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        root = _files.folder(VENDOR, FOLDER, credentials[FOLDER])
        super().__init__(VENDOR, root, PATTERN, day_of, _files.json_rows, stamps)


def listing(credentials: Mapping[str, str], programme: Programme) -> dict[str, tuple[int, int]]:
    """Every file as it is now: size and time of the last write (ns), by name."""
    found = _files.find(Path(credentials[FOLDER]).expanduser(), PATTERN)
    return {file.name: (file.size, file.modified_ns) for file in found}


def day_of(name: str) -> date | None:
    """The day of receipt in a file's path."""
    if found := _MILLISECONDS.search(name):
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC).date()
    found = _DAY.search(name)
    return date.fromisoformat(found[0]) if found else None


def stamps(call: dict[str, Any]) -> tuple[str, str, str]:
    """Id, instant of happening (Segment has corrected the device's clock) and of receipt."""
    return str(call["messageId"]), str(call["timestamp"]), str(call["receivedAt"])
