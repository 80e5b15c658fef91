"""Demandbase's payloads as canonical rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake


def research(**told: Any) -> dict[str, Any]:
    """One row of the Intent API."""
    base = {
        "companyId": "726263", "domain": "www.Acme.com", "keyword": "Zero Trust", "numPeopleResearching": 8,
        "intentStrength": "HIGH", "isTrending": True, "trendingScore": 72, "numTrendingDays": 3,
        "startDate": "2026-02-24", "endDate": "2026-03-02", "keywordSetId": 7303, "keywordSetName": "Security",
    }  # fmt: skip
    return {**base, **told}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Everything staged in one run."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    full = {
        "id": "500007", "name": "Acme", "website": "https://www.acme.com/", "industry": "Software",
        "country": "Germany", "city": "Berlin", "employees": "331", "annualRevenue": "68719000.0",
        "sfdcId": "001Bn00000000G8IAI", "journeyStage": "MQA", "engagementMinutesLast7Day": "14",
    }  # fmt: skip
    lake.put("demandbase", "account", "500007", full)
    bare = {**dict.fromkeys(full), "id": "500014", "name": "Beta"}
    lake.put("demandbase", "account", "500014", bare)
    lake.put("demandbase", "account", "x", {**full, "id": None})
    lake.put("demandbase", "intent", "a", research())
    lake.put("demandbase", "intent", "b", research(keyword="SASE", isTrending=False, trendingScore=90, domain=None))
    lake.put("demandbase", "intent", "c", research(keyword="VPN", keywordSetId=None, trendingScore=None))
    lake.put("demandbase", "intent", "d", research(trendingScore="high"))
    lake.stage()
    return lake


def test_accounts(lake: RawLake) -> None:
    """One that came from Salesforce says so; of another only the name is known."""
    columns = (
        "source_id", "name", "domain", "country_code", "region", "city", "industry", "employee_count",
        "annual_revenue", "lifecycle_stage", "same_as",
    )  # fmt: skip
    expected = [
        ("500007", "Acme", "acme.com", "DE", "EMEA", "Berlin", "Software", 331, Decimal("68719000.0000"), "MQA",
         "salesforce:001Bn00000000G8IAI"),
        ("500014", "Beta", *[None] * 9),
    ]  # fmt: skip
    assert expected == lake.rows(T.COMPANY, *columns)


def test_research(lake: RawLake) -> None:
    """Surging is what trends, whatever the score; a row stands for the last day of its week. Minutes never surge."""
    columns = ("source_id", "domain", "company_source_id", "topic", "score", "is_surging", "stage", "signal_day")
    expected = [
        ("726263:7303:SASE:2026-03-02", None, None, "SASE", 90.0, False, "HIGH", DAY),
        ("726263:7303:Zero Trust:2026-03-02", "acme.com", None, "Zero Trust", 72.0, True, "HIGH", DAY),
        ("726263::VPN:2026-03-02", "acme.com", None, "VPN", None, True, "HIGH", DAY),
        ("500007:engagement", "acme.com", "500007", "Engagement minutes", 14.0, False, "MQA", DAY),
    ]
    assert sorted(expected) == sorted(lake.rows(T.INTENT_SIGNAL, *columns))
    stamp = lake.one(T.INTENT_SIGNAL, "726263::VPN:2026-03-02", "modified_at")
    assert (datetime(2026, 3, 2, tzinfo=UTC),) == stamp
    assert date(2026, 3, 2) == DAY


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """An account without an id, a score in words."""
    assert [("account", "x", "null:id"), ("intent", "d", "retyped:trendingScore")] == lake.quarantine()
