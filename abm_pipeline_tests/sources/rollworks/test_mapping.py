"""RollWorks records as canonical rows, from payloads as the API writes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import RawLake

WHOSE = {"advertisable": "ADV", "campaign": "C1", "currency": "EUR", "date": "2026-03-02"}


def _campaign(eid: str, **fields: Any) -> dict[str, Any]:
    base = {"eid": eid, "advertisable": "ADV", "name": f"Campaign {eid}", "status": "running",
            "abmType": "lead_locator", "currency": "EUR", "budgetType": "daily", "budget": 12.34, "budgetGoal": 12.34,
            "startDate": "2026-01-01", "endDate": "2026-01-11"}  # fmt: skip
    return {**base, **fields}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Staged in one run."""
    made = RawLake(tmp_path_factory.mktemp("lake"))
    for row in (
        _campaign("C1"),
        _campaign("C2", budgetType="lifetime-auto", budgetGoal=999.99, abmType="", startDate="2026-01-01T00:00:00Z"),
        _campaign("C3", endDate=None, status="deleted", abmType=None),
        _campaign("C4", status=None),
    ):
        made.put("rollworks", "campaign", row["eid"], row)
    made.put("rollworks", "campaign_day", "C1", {**WHOSE, "impressions": 412, "clicks": 3, "cost": 7.93456789,
                                                 "conversions": 1.5})  # fmt: skip
    made.put("rollworks", "campaign_day", "C2", {**WHOSE, "campaign": "C2", "impressions": None, "cost": None})
    metrics = {"impressions": 9, "clicks": 1, "cost": 0.18, "adjustedViewThroughs": 1.5, "adjustedClickThroughs": 1.0}
    for number, (domain, campaign, more) in enumerate((
        ("Acme.com ", "C1", {}), ("acme.com", "C2", {"adjustedViewThroughs": None, "clicks": None}),
        ("shop.beta.co.uk", "C1", {}), (None, "C1", {}),
    )):  # fmt: skip
        made.put("rollworks", "account_day", f"r{number}",
                 {**WHOSE, **metrics, **more, "domain": domain, "campaign": campaign})  # fmt: skip
    made.stage()
    return made


def test_campaigns(lake: RawLake) -> None:
    """12.34 a day over ten days (the end is exclusive); a total; no end, no budget; an ABM type makes it ABM."""
    start, end = date(2026, 1, 1), date(2026, 1, 10)
    assert [
        ("C1", Decimal("123.4000"), "EUR", start, end, True, False),
        ("C2", Decimal("999.9900"), "EUR", start, end, False, False),
        ("C3", None, "EUR", start, None, False, True),
    ] == lake.rows(T.CAMPAIGN, "source_id", "budget", "currency", "start_day", "end_day", "is_abm", "is_deleted")


def test_delivery(lake: RawLake) -> None:
    """Totals, and by company: a domain is the company's id; conversions are rounded, what isn't told is nought."""
    assert [
        ("C1:acme.com:2026-03-02", "C1", "acme.com", 9, 1, 3, Decimal("0.1800"), True),
        ("C1:all:2026-03-02", "C1", None, 412, 3, 2, Decimal("7.9346"), False),
        ("C1:shop.beta.co.uk:2026-03-02", "C1", "shop.beta.co.uk", 9, 1, 3, Decimal("0.1800"), True),
        ("C2:acme.com:2026-03-02", "C2", "acme.com", 9, 0, 1, Decimal("0.1800"), True),
        ("C2:all:2026-03-02", "C2", None, 0, 0, 0, Decimal("0.0000"), False),
    ] == lake.rows(
        T.AD_DELIVERY, "source_id", "campaign_source_id", "company_source_id", "impressions", "clicks", "conversions",
        "spend", "is_approximate",
    )  # fmt: skip
    assert {("EUR", "UTC")} == set(lake.rows(T.AD_DELIVERY, "currency", "account_time_zone"))


def test_companies(lake: RawLake) -> None:
    """One a domain, whatever campaigns reached it."""
    assert [
        ("rollworks", "acme.com", "acme.com", False),
        ("rollworks", "shop.beta.co.uk", "beta.co.uk", False),
    ] == lake.rows(T.COMPANY, "source", "source_id", "domain", "is_deleted")


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """Companies without a domain, a campaign without a status."""
    assert [("account_day", "r3", "null:domain"), ("campaign", "C4", "null:status")] == lake.quarantine()
