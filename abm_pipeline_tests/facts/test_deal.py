"""Deals over time, stays in stages, the lead funnel, campaigns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.staged import at, read, settings_of, stage

WON = {"stage": "Closed Won", "is_closed": True, "is_won": True}
LOST = {"stage": "Closed Lost", "is_closed": True}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake of the test's own."""
    return settings_of(tmp_path)


def deal(source_id: str, **values: Any) -> dict[str, Any]:
    """A deal record of 1 January: in Discovery, dollars, owner Kim."""
    known = {"source_id": source_id, "stage": "Discovery", "created_at": at("2025-01-01"), "currency": "USD"}
    return known | {"modified_at": at("2025-01-01"), "owner_id": "kim", "company_source_id": "001"} | values


def event(deal_id: str, stage_name: str, entered: str, amount: int = 10, **values: Any) -> dict[str, Any]:
    """One row of a deal's stage history."""
    known = {"source_id": f"{deal_id}{entered}", "deal_source_id": deal_id, "stage": stage_name}
    return known | {"entered_at": at(entered), "modified_at": at(entered), "amount": Decimal(amount)} | values


def versions(settings: Settings, columns: str) -> list[tuple[Any, ...]]:
    """Refresh deals and read the columns."""
    refresh(settings, [], "run", [t.FACT_DEAL])
    return read(settings.open_lake, t.FACT_DEAL, columns)


def test_versions_from_the_stage_history(settings: Settings) -> None:
    """Discovery on 1 Jan, 12 from 1 Feb, won on 3 March 23:30 UTC, 15 from 5 March: closed on 3 March all the same."""
    stage(settings.open_lake, t.DEAL, [deal("d", modified_at=at("2025-03-05"), deal_type="new", kind="none", **WON)])
    stage(
        settings.open_lake,
        t.DEAL_STAGE_EVENT,
        [
            event("d", "Discovery", "2025-01-01"),
            event("d", "Discovery", "2025-02-01", 12),
            event("d", "Closed Won", "2025-03-03 23:30", 12),
            event("d", "Closed Won", "2025-03-05", 15),
        ],
    )
    day = date(2025, 3, 3)
    assert [
        (at("2025-01-01"), at("2025-02-01"), "Discovery", False, 10, None),
        (at("2025-02-01"), at("2025-03-03 23:30"), "Discovery", False, 12, None),
        (at("2025-03-03 23:30"), at("2025-03-05"), "Closed Won", True, 12, day),
        (at("2025-03-05"), None, "Closed Won", True, 15, day),
    ] == versions(settings, "valid_from valid_to stage is_won amount closed_day")
    assert [("salesforce:001", "new", "none")] * 4 == versions(settings, "company_key deal_type kind")


def test_reopened_deal_closes_anew(settings: Settings) -> None:
    """Lost on 1 Feb, back to Discovery on 10 Feb, won on 1 March. `Closed Lost` is known from another deal's record."""
    stage(settings.open_lake, t.DEAL, [deal("d", modified_at=at("2025-03-01"), **WON), deal("other", **LOST)])
    stages = [("Discovery", "2025-01-01"), ("Closed Lost", "2025-02-01"), ("Discovery", "2025-02-10")]
    rows = [event("d", name, day) for name, day in [*stages, ("Closed Won", "2025-03-01")]]
    stage(settings.open_lake, t.DEAL_STAGE_EVENT, rows)
    found = [
        row[1:] for row in versions(settings, "deal_id valid_from is_closed is_won closed_day") if row[0][-1] == "d"
    ]
    assert [
        (at("2025-01-01"), False, False, None),
        (at("2025-02-01"), True, False, date(2025, 2, 1)),
        (at("2025-02-10"), False, False, None),
        (at("2025-03-01"), True, True, date(2025, 3, 1)),
    ] == found


def test_owner_as_captured(settings: Settings) -> None:
    """Kim owns it from the start as far as known, Lee from 10 Jan on; the stage of 20 Jan is Lee's."""
    stage(settings.open_lake, t.DEAL, [deal("d"), deal("d", owner_id="lee", modified_at=at("2025-01-10"))])
    stage(
        settings.open_lake,
        t.DEAL_STAGE_EVENT,
        [event("d", "Discovery", "2025-01-01"), event("d", "Proposal", "2025-01-20")],
    )
    assert [
        (at("2025-01-01"), "Discovery", "kim"),
        (at("2025-01-10"), "Discovery", "lee"),
        (at("2025-01-20"), "Proposal", "lee"),
    ] == versions(settings, "valid_from stage owner_id")


def test_amounts_at_the_rate_of_their_day(settings: Settings) -> None:
    """EUR 100: 125 dollars at January's 0.8; closed in February at 0.5: 200, also when the amount's row is March's."""
    rates = [("2025-01-01", 0.8), ("2025-02-01", 0.5), ("2025-03-01", 0.25)]
    stage(
        settings.open_lake,
        t.FX_RATE,
        [
            {"source_id": day, "currency": "EUR", "rate": units, "start_day": date.fromisoformat(day)}
            for day, units in rates
        ],
    )
    stage(settings.open_lake, t.DEAL, [deal("d", currency="EUR", modified_at=at("2025-03-02"), **WON)])
    stages = [("Discovery", "2025-01-05"), ("Closed Won", "2025-02-05"), ("Closed Won", "2025-03-05")]
    stage(settings.open_lake, t.DEAL_STAGE_EVENT, [event("d", name, day, 100) for name, day in stages])
    assert [("EUR", 125), ("EUR", 200), ("EUR", 200)] == [
        row[1:] for row in versions(settings, "valid_from currency amount_reporting")
    ]


def test_without_a_history_captured_records_stand_in(settings: Settings) -> None:
    """Open when first captured: since its creation; closed in the next. The other was first captured closed."""
    stage(
        settings.open_lake,
        t.DEAL,
        [
            deal("a"),
            deal("a", modified_at=at("2025-03-01"), **LOST),
            deal("b", modified_at=at("2025-03-01"), close_day=date(2025, 2, 7), **WON),
        ],
    )
    assert [
        ("salesforce:a", at("2025-01-01"), "Discovery", None),
        ("salesforce:a", at("2025-03-01"), "Closed Lost", date(2025, 3, 1)),
        ("salesforce:b", at("2025-02-07"), "Closed Won", date(2025, 2, 7)),
    ] == versions(settings, "deal_id valid_from stage closed_day")


def test_deleted_deals_have_no_rows(settings: Settings) -> None:
    """Deleted in its last version, with a history: nothing is left of it, also in the stays."""
    stage(settings.open_lake, t.DEAL, [deal("d"), deal("d", modified_at=at("2025-02-01"), is_deleted=True)])
    stage(settings.open_lake, t.DEAL_STAGE_EVENT, [event("d", "Discovery", "2025-01-01")])
    refresh(settings, [], "run")
    assert [] == read(settings.open_lake, t.FACT_DEAL)
    assert [] == read(settings.open_lake, t.DEAL_STAGE)


def test_stays_in_stages(settings: Settings) -> None:
    """A change of amount does not end a stay; Discovery is the second stage, closed comes after the four open ones."""
    stage(settings.open_lake, t.DEAL, [deal("d", **WON)])
    stage(
        settings.open_lake,
        t.DEAL_STAGE_EVENT,
        [
            event("d", "Discovery", "2025-01-01"),
            event("d", "Discovery", "2025-01-05", 12),
            event("d", "Closed Won", "2025-02-01"),
        ],
    )
    refresh(settings, [], "run", [t.DEAL_STAGE])
    assert [
        ("Closed Won", 5, at("2025-02-01"), None),
        ("Discovery", 2, at("2025-01-01"), at("2025-02-01")),
    ] == read(settings.open_lake, t.DEAL_STAGE, "stage stage_order entered_at left_at")


def test_first_entry_into_lead_stages(settings: Settings) -> None:
    """MQL as first told on 2 Jan, though a later version says 9 Jan; a deleted event does not count."""
    row = {"contact_source_id": "00Q", "stage": "mql"}
    stage(
        settings.open_lake,
        t.LEAD_EVENT,
        [
            row | {"source_id": "1", "entered_at": at("2025-01-02")},
            row | {"source_id": "1", "entered_at": at("2025-01-09"), "modified_at": at("2025-01-09")},
            row | {"source_id": "2", "stage": "sql", "entered_at": at("2025-01-03"), "is_deleted": True},
        ],
    )
    stage(settings.open_lake, t.CONTACT, [{"source_id": "00Q", "person_type": "lead", "company_source_id": "001"}])
    refresh(settings, [], "run", [t.LEAD_STAGE])
    assert [("mql", "salesforce:00Q", "salesforce:001", at("2025-01-02"))] == read(
        settings.open_lake, t.LEAD_STAGE, "stage contact_key company_key entered_at"
    )


def test_campaign_as_last_known(settings: Settings) -> None:
    """Renamed on 5 Jan: one row, with the new name."""
    row = {"source_id": "701", "channel": "email"}
    stage(
        settings.open_lake,
        t.CAMPAIGN,
        [row | {"name": "Old"}, row | {"name": "New", "modified_at": at("2025-01-05")}],
    )
    refresh(settings, [], "run", [t.FACT_CAMPAIGN])
    assert [("salesforce:701", "New")] == read(settings.open_lake, t.FACT_CAMPAIGN, "campaign_id campaign_name")
