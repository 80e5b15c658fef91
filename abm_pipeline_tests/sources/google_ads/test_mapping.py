"""Google Ads records as canonical rows, from payloads as the API writes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake


def _campaign(ident: str, budget: dict[str, str], **fields: str) -> dict[str, Any]:
    return {
        "customer": {"resourceName": "customers/3456789012", "id": "3456789012", "currencyCode": "EUR"},
        "campaign": {"resourceName": f"customers/3456789012/campaigns/{ident}", "id": ident, "status": "ENABLED",
                     "name": f"Campaign {ident}", **fields},
        "campaignBudget": {"resourceName": "customers/3456789012/campaignBudgets/8", **budget},
    }  # fmt: skip


def _delivery(ident: Any, day: str | None, **metrics: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "customer": {"resourceName": "customers/3", "id": "3", "currencyCode": "EUR", "timeZone": "Europe/Berlin"},
        "campaign": {"resourceName": f"customers/3/campaigns/{ident}", "id": ident},
        "metrics": metrics,
    }
    return row | ({"segments": {"date": day}} if day else {})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Staged in one run."""
    made = RawLake(tmp_path_factory.mktemp("lake"))
    run = {"startDateTime": "2026-01-01 00:00:00", "endDateTime": "2026-01-10 23:59:59"}
    forever = {"startDateTime": "2026-01-01 00:00:00", "endDateTime": "2037-12-30 23:59:59"}
    for ident, budget, fields in (
        ("700001", {"amountMicros": "12340000", "period": "DAILY"}, run),
        ("700002", {"totalAmountMicros": "999999999", "period": "CUSTOM_PERIOD"}, run),
        ("700003", {"amountMicros": "12340000", "period": "DAILY"}, {"startDateTime": "2026-01-01 00:00:00"}),
        ("700004", {"amountMicros": "12340000", "period": "DAILY"}, {**forever, "status": "REMOVED"}),
    ):
        made.put("google_ads", "campaign", ident, _campaign(ident, budget, **fields))
    put = {
        "a": _delivery("700001", "2026-03-02", impressions="19464", clicks="106", engagements="3",
                       costMicros="99987650", conversions=1.5),
        "b": _delivery("700002", "2026-03-02", costMicros="1"),
        "c": _delivery("700003", "2026-03-02", impressions="many"),
        "d": _delivery("700004", None, impressions="1"),
    }  # fmt: skip
    for record, payload in put.items():
        made.put("google_ads", "campaign_day", record, payload)
    made.stage()
    return made


def test_campaigns(lake: RawLake) -> None:
    """12.34 a day over ten days are 123.40; a total is a total; without an end, or with Google's "for ever", none."""
    start, end = date(2026, 1, 1), date(2026, 1, 10)
    assert [
        ("700001", "Campaign 700001", "ads", Decimal("123.4000"), "EUR", start, end, False),
        ("700002", "Campaign 700002", "ads", Decimal("1000.0000"), "EUR", start, end, False),
        ("700003", "Campaign 700003", "ads", None, "EUR", start, None, False),
        ("700004", "Campaign 700004", "ads", None, "EUR", start, None, True),
    ] == lake.rows(T.CAMPAIGN, "source_id", "name", "channel", "budget", "currency", "start_day", "end_day",
                   "is_deleted")  # fmt: skip


def test_delivery(lake: RawLake) -> None:
    """99,987,650 micros are 99.9877 (four decimals), half conversions are rounded up, what is absent is nought."""
    expected = [
        ("700001:all:2026-03-02", "700001", None, 19464, 106, 3, 2, Decimal("99.9877"), "EUR", "Europe/Berlin", False),
        ("700002:all:2026-03-02", "700002", None, 0, 0, 0, 0, Decimal("0.0000"), "EUR", "Europe/Berlin", False),
    ]
    assert expected == lake.rows(
        T.AD_DELIVERY, "source_id", "campaign_source_id", "company_source_id", "impressions", "clicks", "engagements",
        "conversions", "spend", "currency", "account_time_zone", "is_approximate",
    )  # fmt: skip


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A count in words, a day that is missing."""
    assert [
        ("campaign_day", "c", "retyped:metrics.impressions"),
        ("campaign_day", "d", "missing:segments.date"),
    ] == lake.quarantine()
    assert {DAY} == {day for (day,) in lake.rows(T.AD_DELIVERY, "day")}
