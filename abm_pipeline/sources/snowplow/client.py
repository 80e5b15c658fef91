"""Enriched events in files by day: TSV without a header, or JSON lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from abm_pipeline.programme import Programme
from abm_pipeline.sources import _files
from abm_pipeline.sources._events import EventsClient
from abm_pipeline.sources._files import BadFile, Found, Row
from abm_pipeline.sources.snowplow.contract import FIELDS

VENDOR, FOLDER, PATTERN = "snowplow", "ABM_SNOWPLOW_PATH", "**/*"
_DAY = re.compile(r"(\d{4})[-/]?(\d{2})[-/]?(\d{2})")


class Client(EventsClient):
    """The folder that the loader writes to."""

    def __init__(self, credentials: Mapping[str, str], programme: Programme) -> None:
        root = _files.folder(VENDOR, FOLDER, credentials[FOLDER])
        super().__init__(VENDOR, root, PATTERN, day_of, rows, stamps)


def listing(credentials: Mapping[str, str], programme: Programme) -> dict[str, tuple[int, int]]:
    """Every file as it is now: size and time of the last write (ns), by name."""
    found = _files.find(Path(credentials[FOLDER]).expanduser(), PATTERN)
    return {file.name: (file.size, file.modified_ns) for file in found}


def day_of(name: str) -> date | None:
    """The day in a file's name or in the folders above it."""
    found = _DAY.search(name)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def rows(found: Found) -> Iterator[Row]:
    """Events, each with the fields that have a value. Nested ones are text, as in TSV. Raises BadFile."""
    for line, text in _files.lines(found):
        if text.startswith("{"):
            yield Row(line, _from_json(line, text))
        elif text.strip():
            # Columns have been added at the end, and may be again; none has been taken away.
            cells = text.rstrip("\r\n").split("\t")
            if len(cells) < len(FIELDS):
                raise BadFile(line, f"{len(cells)}_of_{len(FIELDS)}_fields")
            yield Row(line, {name: cell for name, cell in zip(FIELDS, cells, strict=False) if cell})


def _from_json(line: int, text: str) -> dict[str, Any]:
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadFile(line, "not_json") from None
    fields = {name: value for name, value in said.items() if value is not None}
    return {n: orjson.dumps(v).decode() if isinstance(v, dict | list) else v for n, v in fields.items()}


def stamps(event: dict[str, Any]) -> tuple[str, str, str]:
    """Id, instant of happening and of arrival. Collisions of ids are told apart by fingerprint."""
    print_ = event.get("event_fingerprint")
    ident = str(event["event_id"]) + (f":{print_}" if print_ else "")
    collected = str(event["collector_tstamp"])
    happened = event.get("true_tstamp") or event.get("derived_tstamp") or collected
    arrived = event.get("load_tstamp") or event.get("etl_tstamp") or collected
    return ident, str(happened), str(arrived)
