"""Cost: what counts as one, once, and in one currency."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.staged import at, read, settings_of, span, stage

D = span("2025-03-01", 5)
TABLES = (t.TOUCH, t.SPEND, t.COST)


def receipt(number: str, amount: int, **values: Any) -> dict[str, Any]:
    """A receipt of the first day, in dollars."""
    known = {"source": "files", "source_id": number, "cost_category": "event", "cost_day": D[0], "currency": "USD"}
    return known | {"amount": Decimal(amount), "modified_at": at("2025-03-02")} | values


def hours(number: str, worked: Any, **values: Any) -> dict[str, Any]:
    """Two hours of work for acme.com."""
    known = {"source": "files", "source_id": number, "hours": 2.0, "worked_day": worked, "domain": "acme.com"}
    return known | {"modified_at": at(f"{worked}")} | values


def meeting(number: str, when: str, **values: Any) -> dict[str, Any]:
    """Half an hour with company 001."""
    known = {"source_id": number, "touch_type": "meeting", "channel": "meeting", "duration_seconds": 1800.0}
    return known | {"occurred_at": at(when), "modified_at": at(when), "company_source_id": "001"} | values


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An hour costs 90 where nothing else is said."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "costs.yaml").write_text("costs: {sales_time: {hourly_rate: 90}}")
    return settings_of(tmp_path)


def costs(settings: Settings, columns: str = "day cost_category company_key amount_reporting") -> list[Any]:
    """Rows of facts.cost."""
    return read(settings.open_lake, t.COST, columns)


def test_media_receipts_and_hours(settings: Settings) -> None:
    """A campaign's total of 100 counts, its row by company of 40 does not; a receipt of EUR 80 at 0.8 is 100 dollars,
    one of a currency without a rate stays unconverted; 2 h at 60 are 120, 2 h without a rate 180."""
    lake = settings.open_lake
    rate = {"source_id": "r", "currency": "EUR", "start_day": D[0], "rate": 0.8, "modified_at": at("2025-03-01")}
    stage(lake, t.FX_RATE, [rate])
    ad = {"source": "linkedin", "campaign_source_id": "9", "day": D[0], "currency": "USD"}
    total = ad | {"source_id": "9", "spend": Decimal(100)}
    by_company = ad | {"source_id": "9:7", "company_source_id": "7", "spend": Decimal(40), "impressions": 3}
    stage(lake, t.AD_DELIVERY, [total, by_company])
    stage(lake, t.STAGED_COST, [receipt("a", 80, currency="EUR", domain="acme.com"), receipt("b", 50, currency="XTS")])
    rated = hours("h", D[1], hourly_rate=Decimal(60), currency="USD")
    stage(lake, t.TIME_ENTRY, [rated, hours("i", D[1])])
    reports = {report.table: report for report in refresh(settings, D, "run", TABLES)}
    assert {"amounts_unconverted": 1, "currencies_without_rate": "XTS"} == reports[t.COST].notes
    assert [
        (D[0], "event", "domain:acme.com", Decimal(100)),
        (D[0], "event", None, None),
        (D[0], "media", None, Decimal(100)),
        (D[1], "sales_time", "domain:acme.com", Decimal(120)),
        (D[1], "sales_time", "domain:acme.com", Decimal(180)),
    ] == costs(settings)


def test_a_receipt_taken_back_or_moved_leaves_its_day(settings: Settings) -> None:
    """Receipt a is deleted on the 3rd, b is moved from the 1st to the 2nd: only b is left, on the 2nd."""
    stage(settings.open_lake, t.STAGED_COST, [receipt("a", 10), receipt("b", 20)])
    refresh(settings, D[:2], "run", TABLES)
    gone = receipt("a", 10, is_deleted=True, modified_at=at("2025-03-03"))
    moved = receipt("b", 20, cost_day=D[1], modified_at=at("2025-03-03"))
    stage(settings.open_lake, t.STAGED_COST, [gone, moved])
    reports = {report.table: report for report in refresh(settings, D[2:3], "run", TABLES)}
    assert [(D[1], "event", None, Decimal(20))] == costs(settings)
    assert set(D[:2]) <= set(reports[t.COST].changed)


def test_a_meeting_costs_once_however_many_people_came(settings: Settings) -> None:
    """Half an hour at 90 is 45: with two people of company 001 one cost, with company 002 at the same time another; a
    mail without a duration costs nothing."""
    people = [meeting("a", "2025-03-01 10:00", contact_source_id=who) | {"source_id": who} for who in ("003x", "003y")]
    other = meeting("z", "2025-03-01 10:00", company_source_id="002")
    mail = {"source_id": "m", "touch_type": "email_reply", "channel": "email", "occurred_at": at("2025-03-01")}
    stage(settings.open_lake, t.ACTIVITY, [*people, other, mail | {"modified_at": at("2025-03-01")}])
    refresh(settings, D, "run", TABLES)
    assert [
        (D[0], "sales_time", "salesforce:001", Decimal(45)),
        (D[0], "sales_time", "salesforce:002", Decimal(45)),
    ] == costs(settings)


def test_meetings_cost_nothing_in_months_with_time_entries(settings: Settings) -> None:
    """Meetings of 28 February and 1 March; then hours of 5 March arrive: March's meeting is no longer counted, though
    its day was computed before; taken back, it is again."""
    stage(settings.open_lake, t.ACTIVITY, [meeting("a", "2025-02-28"), meeting("b", "2025-03-01")])
    refresh(settings, D[:1], "run", TABLES)
    february = (at("2025-02-28").date(), Decimal(45))
    assert [february, (D[0], Decimal(45))] == costs(settings, "day amount_reporting")
    stage(settings.open_lake, t.TIME_ENTRY, [hours("h", D[4])])
    refresh(settings, D[1:], "run", TABLES)
    assert [february, (D[4], Decimal(180))] == costs(settings, "day amount_reporting")
    later = span("2025-03-06", 1)[0]
    stage(settings.open_lake, t.TIME_ENTRY, [hours("h", D[4], is_deleted=True, modified_at=at("2025-03-06"))])
    refresh(settings, [later], "run", TABLES)
    assert [february, (D[0], Decimal(45))] == costs(settings, "day amount_reporting")
