"""What must hold for whatever arrives: a range equals its days, a second run changes nothing, contracts are kept."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.render import pandera_schema
from abm_pipeline.facts.refresh import FACTS, refresh
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.staged import at, frame, read, settings_of, span, stage

D = span("2025-03-01", 3)
DAILY = (t.TOUCH, t.INTENT, t.SPEND)
ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from("abc"),  # the activity
        st.integers(0, 2),  # the day it arrives on
        st.integers(-2, 4),  # the day it says it happened on
        st.booleans(),  # deleted
    ),
    max_size=8,
    unique_by=lambda row: (row[0], row[1]),
)


def world(arrivals: list[tuple[str, int, int, bool]]) -> list[tuple[t.Table, list[dict[str, Any]]]]:
    """Staged rows: the activities as told, an ad row and a signal a day, and a rate that starts on the second."""
    kind = {"touch_type": "email_reply", "channel": "email"}
    activities = [
        {
            "source_id": key,
            "modified_at": at(str(D[arrived])),
            "occurred_at": at(str(D[0] + timedelta(days=happened))),
            "is_deleted": deleted,
        }
        | kind
        for key, arrived, happened, deleted in arrivals
    ]
    ads = [
        {"source": "linkedin", "source_id": f"9:7:{day}", "campaign_source_id": "9", "company_source_id": "7"}
        | {"day": day, "impressions": 5, "spend": Decimal(9), "currency": "EUR"}
        for day in D
    ]
    signals = [
        {"source": "bombora", "source_id": "x", "company_source_id": "x.com", "topic": "CRM", "signal_day": day}
        | {"day": day, "score": 70.0}
        for day in D[::2]
    ]
    rates = [{"source_id": "r", "currency": "EUR", "rate": 0.9, "start_day": D[1], "modified_at": at(str(D[2]))}]
    return [(t.ACTIVITY, activities), (t.AD_DELIVERY, ads), (t.INTENT_SIGNAL, signals), (t.FX_RATE, rates)]


def arrive(settings: Settings, tables: list[tuple[t.Table, list[dict[str, Any]]]], days: list[date]) -> None:
    """Stage what arrives on the days, and refresh for them."""
    for table, rows in tables:
        stage(settings.open_lake, table, [r for r in rows if (r.get("day") or r["modified_at"].date()) in days], days)
    refresh(settings, days, "run", DAILY)


def outcome(settings: Settings) -> list[list[tuple[Any, ...]]]:
    """The daily facts, and which days have a partition."""
    lake = settings.open_lake
    return [read(lake, table) for table in DAILY] + [[*lake.days(table)] for table in DAILY]  # type: ignore[list-item]


@examples(max_examples=4, deadline=None)
@given(ARRIVALS)
def test_range_equals_its_days(arrivals: list[tuple[str, int, int, bool]]) -> None:
    """All three days at once, or one after the other: the same rows in the same partitions; again: nothing changes."""
    tables = world(arrivals)
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as parts:
        at_once, piecewise = settings_of(Path(whole)), settings_of(Path(parts))
        arrive(at_once, tables, D)
        for day in D:
            arrive(piecewise, tables, [day])
        assert outcome(at_once) == outcome(piecewise)
        assert all(not report.changed for report in refresh(piecewise, D, "again", DAILY))


def test_empty_days_and_contracts(tmp_path: Path) -> None:
    """Nothing staged: every day asked for is there and empty; with rows, each table passes its contract."""
    settings = settings_of(tmp_path)
    for report in refresh(settings, D[:2], "run"):
        assert dict.fromkeys(D[:2] if report.table.is_daily else [None], 0) == report.rows
    arrive(settings, world([("a", 0, 0, False)]), D)
    refresh(settings, D, "run")
    for fact in FACTS:
        found = frame(settings.open_lake, fact.table)
        pandera_schema(fact.table).validate(found, lazy=True)
        assert not found.duplicated(list(fact.table.key)).any()
