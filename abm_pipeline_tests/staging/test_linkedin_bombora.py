"""LinkedIn and Bombora records as canonical rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T

from .conftest import DAY, RawLake

STAMPS = {"changeAuditStamps": {"lastModified": {"time": 1772442600000}, "created": {"time": 1772442600000}}}


def delivery(*urns: str, day: date = DAY, **metrics: Any) -> dict[str, Any]:
    """One element of adAnalytics."""
    one = {"year": day.year, "month": day.month, "day": day.day}
    return {"pivotValues": list(urns), "dateRange": {"start": one, "end": one}, **metrics}


@pytest.fixture(scope="module")
def lake(shared_lake: RawLake) -> RawLake:
    """Both vendors, staged in one run."""
    put = shared_lake.put
    put("linkedin", "ad_account", "508", {"id": 508, "name": "Europe", "currency": "EUR", **STAMPS})
    put(
        "linkedin", "campaign", "312",
        {"id": 312, "account": "urn:li:sponsoredAccount:508", "name": "LI Spring", "status": "REMOVED",
         "dailyBudget": {"amount": "25.00", "currencyCode": "EUR"}, "runSchedule": {"start": 1767225600000}, **STAMPS},
    )  # fmt: skip
    put(
        "linkedin",
        "organization",
        "1035",
        {"id": 1035, "localizedName": "Acme", "localizedWebsite": "http://acme.com/"},
    )
    put("linkedin", "organization", "1036", {"id": 1036, "localizedName": "Beta"})
    put(
        "linkedin", "ad_analytics_campaign", "c",
        delivery("urn:li:sponsoredCampaign:312", impressions=1480, clicks=9, totalEngagements=12,
                 costInLocalCurrency="24.457317520310493", costInUsd="26.5"),
    )  # fmt: skip
    put(
        "linkedin", "ad_analytics_company", "o",
        delivery(
            "urn:li:sponsoredCampaign:312", "urn:li:organization:1035", impressions=7, costInLocalCurrency="-2e-18"
        ),
    )  # fmt: skip
    put("linkedin", "ad_analytics_company", "x", delivery("urn:li:sponsoredCampaign:9", impressions="seven"))
    put(
        "linkedin",
        "ad_analytics_company",
        "y",
        delivery("urn:li:sponsoredCampaign:9", "urn:li:memberCompany:5", costInUsd="2"),
    )
    for topic, score in (("CRM", 60), ("Data Quality", 59)):
        company = {"name": "Acme", "industry": "Software", "hq": {"country": "US"}}
        put(
            "bombora", "intent", f"acme.com|{topic}",
            {"domain": "Acme.com", "topic": topic, "score": score, "scoreLabel": "Strong", "company": company},
        )  # fmt: skip
    put("bombora", "intent", "metro|CRM", {"domain": "metro", "topic": "CRM", "score": 80})
    put("bombora", "intent", "beta.io|CRM", {"domain": "beta.io", "topic": "CRM", "score": None})
    shared_lake.stage()
    return shared_lake


def test_delivery_is_in_the_accounts_currency(lake: RawLake) -> None:
    """Campaign total: what is not told is nought, engagements are 12 less 9 clicks, the cost has four decimals."""
    expected = ("312", None, 1480, 9, 3, 0, Decimal("24.4573"), "EUR", "UTC", False)
    assert expected == lake.one(
        T.AD_DELIVERY, "312:all:2026-03-02", "campaign_source_id", "company_source_id", "impressions", "clicks",
        "engagements", "conversions", "spend", "currency", "account_time_zone", "is_approximate",
    )  # fmt: skip


def test_delivery_by_company_is_approximate(lake: RawLake) -> None:
    """Metrics below the privacy threshold are absent: unknown, not nought. Noise of -2e-18 is nought."""
    expected = ("1035", 7, None, None, Decimal("0.0000"), True)
    assert expected == lake.one(
        T.AD_DELIVERY, "312:1035:2026-03-02", "company_source_id", "impressions", "clicks", "engagements", "spend",
        "is_approximate",
    )  # fmt: skip


def test_delivery_of_an_unknown_campaign_is_in_dollars(lake: RawLake) -> None:
    """The campaign's account, so its currency, is not known: LinkedIn's own conversion is taken."""
    assert (Decimal("2.0000"), "USD") == lake.one(T.AD_DELIVERY, "9:5:2026-03-02", "spend", "currency")


def test_organisations_and_domains_are_companies(lake: RawLake) -> None:
    """An organisation by its id, with its website's domain if it has one; a domain once for all its topics."""
    expected = [
        ("bombora", "acme.com", "Acme", "acme.com", None, "US"),
        ("bombora", "metro", None, None, None, None),
        ("linkedin", "1035", "Acme", "acme.com", "1035", None),
        ("linkedin", "1036", "Beta", None, "1036", None),
    ]
    assert expected == lake.rows(T.COMPANY, "source", "source_id", "name", "domain", "linkedin_id", "country_code")


def test_campaigns(lake: RawLake) -> None:
    """A removed campaign is deleted; its run begins on the day of its first millisecond."""
    expected = ("LI Spring", "ads", "EUR", date(2026, 1, 1), None, True, datetime(2026, 3, 2, 9, 10, tzinfo=UTC))
    columns = ("name", "channel", "currency", "start_day", "end_day", "is_deleted", "modified_at")
    assert expected == lake.one(T.CAMPAIGN, "312", *columns)


def test_scores_surge_from_the_threshold_on(lake: RawLake) -> None:
    """60 is a surge, 59 is none; the signal stands for the day of the snapshot."""
    expected = [("CRM", 60.0, True, DAY), ("Data Quality", 59.0, False, DAY), ("CRM", 80.0, True, DAY)]
    assert expected == lake.rows(T.INTENT_SIGNAL, "topic", "score", "is_surging", "signal_day")


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A count in words, a score that is null; the first was meant for one table, the second for two."""
    assert [("ad_analytics_company", "x", "retyped:impressions"), ("intent", "beta.io|CRM", "null:score")] == sorted(
        lake.quarantine()
    )
    tables = lake.rows(T.QUARANTINE, "table_name", order="table_name")
    assert [("staged.ad_delivery",), ("staged.intent_signal, staged.company",)] == tables
