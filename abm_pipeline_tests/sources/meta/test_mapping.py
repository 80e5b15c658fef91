"""Meta's records as canonical rows, from payloads as the API writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import RawLake

ACCOUNTS = {"1": ("USD", "America/Los_Angeles"), "2": ("JPY", "Asia/Tokyo")}


def _campaign(ident: str, account: str, **fields: Any) -> dict[str, Any]:
    base = {"id": ident, "account_id": account, "name": f"Campaign {ident}", "status": "ACTIVE",
            "start_time": "2026-01-01T00:00:00-0800", "updated_time": "2026-03-01T22:33:56-0800"}  # fmt: skip
    return {**base, **fields}


def _insight(campaign: str, account: str = "1", **metrics: Any) -> dict[str, Any]:
    currency = ACCOUNTS.get(account, ("EUR", ""))[0]
    return {"account_id": account, "account_currency": currency, "campaign_id": campaign, "date_start": "2026-03-02",
            "date_stop": "2026-03-02", **metrics}  # fmt: skip


def _filled(home: Path, config: Path | None = None) -> RawLake:
    made = RawLake(home, config)
    for ident, (currency, zone) in ACCOUNTS.items():
        row = {"id": f"act_{ident}", "account_id": ident, "currency": currency, "timezone_name": zone}
        made.put("meta", "ad_account", ident, row)
    stop = {"stop_time": "2026-01-11T00:00:00-0800"}
    for row in (
        _campaign("10", "1", daily_budget="1234", **stop),
        _campaign("11", "1", lifetime_budget="99999", daily_budget="0", **stop),
        _campaign("12", "2", lifetime_budget="99999", status="DELETED", **stop),
        _campaign("13", "1", daily_budget="1234", status="ARCHIVED"),
        _campaign("14", "9", name=None),
    ):
        made.put("meta", "campaign", row["id"], row)
    actions = [
        {"action_type": "link_click", "value": "106", "1d_view": "3"},
        {"action_type": "lead", "value": "4"},
        {"action_type": "purchase", "value": "2"},
    ]
    for row in (
        _insight("10", impressions="19464", inline_link_clicks="106", inline_post_engagement="131", spend="99.99",
                 actions=actions),
        _insight("11", impressions="1"),
        _insight("12", "2", spend="1234", impressions="5"),
        _insight("13", "9", spend="1.5", impressions="5"),
        _insight("14", impressions="5", spend="a lot"),
    ):  # fmt: skip
        made.put("meta", "campaign_day", f"{row['campaign_id']}|2026-03-02", row)
    made.stage()
    return made


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Staged in one run."""
    return _filled(tmp_path_factory.mktemp("lake"))


def test_campaigns(lake: RawLake) -> None:
    """1,234 cents a day over ten days are 123.40; yen have no cents; the end is the day before the midnight told."""
    start, end, at = date(2026, 1, 1), date(2026, 1, 10), datetime(2026, 3, 2, 6, 33, 56, tzinfo=UTC)
    assert [
        ("10", Decimal("123.4000"), "USD", start, end, False, at),
        ("11", Decimal("999.9900"), "USD", start, end, False, at),
        ("12", Decimal("99999.0000"), "JPY", start, end, True, at),
        ("13", None, "USD", start, None, False, at),
    ] == lake.rows(T.CAMPAIGN, "source_id", "budget", "currency", "start_day", "end_day", "is_deleted", "modified_at")


def test_delivery(lake: RawLake) -> None:
    """131 engagements less 106 clicks; 4 leads; absent is nought; an account not known yet has no zone."""
    assert [
        ("10:all:2026-03-02", "10", None, 19464, 106, 25, 4, Decimal("99.9900"), "USD", "America/Los_Angeles", False),
        ("11:all:2026-03-02", "11", None, 1, 0, 0, 0, Decimal("0.0000"), "USD", "America/Los_Angeles", False),
        ("12:all:2026-03-02", "12", None, 5, 0, 0, 0, Decimal("1234.0000"), "JPY", "Asia/Tokyo", False),
        ("13:all:2026-03-02", "13", None, 5, 0, 0, 0, Decimal("1.5000"), "EUR", None, False),
    ] == lake.rows(
        T.AD_DELIVERY, "source_id", "campaign_source_id", "company_source_id", "impressions", "clicks", "engagements",
        "conversions", "spend", "currency", "account_time_zone", "is_approximate",
    )  # fmt: skip


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A campaign without a name, an amount in words."""
    assert [("campaign", "14", "null:name"), ("campaign_day", "14|2026-03-02", "retyped:spend")] == lake.quarantine()


def test_the_programme_says_which_actions_are_conversions(tmp_path: Path) -> None:
    """Leads and purchases: 4 + 2."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "programme.yaml").write_text("sources: {meta: {conversion_actions: [lead, purchase]}}\n")
    assert (6,) == _filled(tmp_path / "lake", config).one(T.AD_DELIVERY, "10:all:2026-03-02", "conversions")
