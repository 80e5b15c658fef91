"""A lake with hand-written raw records, and what staging makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import Table, raw_table
from abm_pipeline.settings import Settings
from abm_pipeline.staging.refresh import refresh
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.lake import now_ns
from abm_pipeline.storage.report import TableReport

DAY = date(2026, 3, 2)
STAMP = "2026-03-02T09:30:00.000+0000"


class RawLake:
    """Raw records put in one by one, written with `stage`, which also runs the refresh."""

    def __init__(self, home: Path, config: Path | None = None) -> None:
        self.settings = Settings(home=home, config=config, threads=1, _env_file=None)
        self.lake = self.settings.open_lake
        self._rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._dirty: set[tuple[str, str, date]] = set()

    def put(
        self, vendor: str, stream: str, record_id: str, payload: dict[str, Any] | str, *, day: date = DAY,
        version: str = "v1", fetched: str = "2026-03-03T04:00:00Z",
    ) -> None:  # fmt: skip
        """One raw record; the same (day, record_id, version) again replaces it."""
        rows = self._rows.setdefault((vendor, stream), [])
        rows[:] = [r for r in rows if (r["day"], r["record_id"], r["version"]) != (day, record_id, version)]
        rows.append({
            "day": day, "vendor": vendor, "stream": stream, "record_id": record_id, "version": version,
            "fetched_at": datetime.fromisoformat(fetched).astimezone(UTC), "window_start": None, "window_end": None,
            "run_id": "ingest", "payload": payload if isinstance(payload, str) else json.dumps(payload),
        })  # fmt: skip
        self._dirty.add((vendor, stream, day))

    def empty(self, vendor: str, stream: str, day: date) -> None:
        """A raw partition without a record."""
        self._rows.setdefault((vendor, stream), [])
        self._dirty.add((vendor, stream, day))

    def write(self) -> None:
        """Put what is new on disk."""
        with connect() as con:
            for vendor, stream in {(vendor, stream) for vendor, stream, _ in self._dirty}:
                table = raw_table(vendor, stream)
                days = [day for v, s, day in self._dirty if (v, s) == (vendor, stream)]
                rows = [row for row in self._rows[vendor, stream] if row["day"] in days]
                con.register("rows", pd.DataFrame(rows or [], columns=list(table.columns)))
                self.lake.write_days(con, table, "SELECT * FROM rows", days, computed_at=now_ns())
        self._dirty.clear()

    def stage(
        self, days: Sequence[date] = (DAY,), run_id: str = "run", tables: Sequence[Table] | None = None
    ) -> dict[str, TableReport]:
        """Write, refresh, and the reports by table."""
        self.write()
        return {str(report.table): report for report in refresh(self.settings, days, run_id, tables)}

    def rows(self, table: Table, *columns: str, order: str = "day, source, source_id") -> list[tuple[Any, ...]]:
        """The table's rows, the given columns only, in order of day and record."""
        with connect() as con:
            self.lake.attach(con, table)
            names = ", ".join(f'"{column}"' for column in columns)
            return con.execute(f'SELECT {names} FROM {table.layer}."{table.name}" ORDER BY {order}').fetchall()

    def one(self, table: Table, source_id: str, *columns: str) -> tuple[Any, ...]:
        """The only row of a record."""
        found = [row[1:] for row in self.rows(table, "source_id", *columns) if row[0] == source_id]
        assert len(found) == 1, found
        return found[0]

    def quarantine(self) -> list[tuple[Any, ...]]:
        """Record and rule of everything in quarantine."""
        return self.rows(T.QUARANTINE, "stream", "record_id", "rule", order="day, stream, record_id, rule")


@pytest.fixture
def lake(tmp_path: Path) -> RawLake:
    """An empty lake."""
    return RawLake(tmp_path)


@pytest.fixture(scope="module")
def shared_lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """A lake for a module whose tests look at different rows of one refresh."""
    return RawLake(tmp_path_factory.mktemp("lake"))


def _builder(**defaults: Any) -> Callable[..., dict[str, Any]]:
    def build(record_id: str, **fields: Any) -> dict[str, Any]:
        return {"attributes": {"type": "x"}, "Id": record_id, **defaults, **fields}

    return build


_SYSTEM = {"IsDeleted": False, "CreatedDate": "2026-01-10T08:00:00.000+0000", "SystemModstamp": STAMP}
account = _builder(**_SYSTEM, Name="Acme", MasterRecordId=None, Website=None, Target_Account__c=False)
contact = _builder(**_SYSTEM, Name="Jo Doe", AccountId="001A", Email=None, Title=None, Buying_Role__c=None)
lead = _builder(**_SYSTEM, Name="Lee Low", Status="Open", IsConverted=False, Email=None, Website=None)
opportunity = _builder(
    **_SYSTEM, AccountId="001A", Name="Deal", StageName="Proposal", Amount=1000.0, CloseDate="2026-04-30",
    IsClosed=False, IsWon=False, Type="New Business", CurrencyIsoCode="EUR",
)  # fmt: skip
task = _builder(
    **_SYSTEM, WhoId="003A", WhatId=None, AccountId="001A", ActivityDate="2026-03-01", Status="Completed",
    Type="Email", TaskSubtype="Email", IsClosed=True, CompletedDateTime="2026-03-01T10:15:00.000+0000",
)  # fmt: skip
event = _builder(
    **_SYSTEM, WhoId="003A", AccountId="001A", Type="Meeting", StartDateTime="2026-03-01T14:00:00.000+0000",
    DurationInMinutes=30, Meeting_Outcome__c="Held",
)  # fmt: skip
campaign = _builder(**_SYSTEM, Name="Spring", Type="Webinar", CurrencyIsoCode="USD")
member = _builder(
    **_SYSTEM, CampaignId="701A", LeadId=None, ContactId="003A", AccountId="001A", Status="Attended",
    HasResponded=True, FirstRespondedDate="2026-03-01",
)  # fmt: skip
