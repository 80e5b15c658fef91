"""6sense's payloads as canonical rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake


def scored(domain: str, *scores: dict[str, Any], **told: Any) -> dict[str, Any]:
    """One answer."""
    company = {"domain": domain, "name": "Acme", "countryISOCode": "GB", "employeeCount": "", "annualRevenue": "5.5"}
    return {"company": {**company, **told}, "scores": list(scores), "segments": {"ids": [], "names": [], "list": []}}


def score(product: str | None, value: int | None, stage: str) -> dict[str, Any]:
    """One product's scores."""
    return {"product": product, "company_intent_score": value, "company_buying_stage": stage, "contact_grade": "D"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Everything staged in one run."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    two = (score("abm", 60, "Consideration"), score("signals", 12, "Target"))
    lake.put("sixsense", "score", "acme.co.uk", scored("Acme.co.uk", *two))
    lake.put(
        "sixsense", "score", "beta.io",
        scored("beta.io", score("abm", None, ""), score(None, 99, "Purchase"), employeeCount=2400, countryISOCode=""),
    )  # fmt: skip
    quiet = scored("quiet.com")
    del quiet["scores"]
    lake.put("sixsense", "score", "quiet.com", quiet)
    lake.put("sixsense", "score", "lost.com", scored(""))
    lake.put("sixsense", "segment", "101", {"id": 101, "name": "Tier 1"})
    lake.put("sixsense", "segment_account", "a", {"segment_id": 101, "domain": "ACME.co.uk", "name": "Acme"})
    lake.put("sixsense", "segment_account", "b", {"segment_id": 7, "domain": "beta.io", "name": "Beta"})
    lake.stage()
    return lake


def test_a_signal_per_product(lake: RawLake) -> None:
    """60 surges, 12 doesn't; no score is no surge, no stage none; a score of no product is nothing."""
    expected = [
        ("acme.co.uk:abm", "acme.co.uk", "acme.co.uk", "abm", 60.0, True, "Consideration", DAY),
        ("acme.co.uk:signals", "acme.co.uk", "acme.co.uk", "signals", 12.0, False, "Target", DAY),
        ("beta.io:abm", "beta.io", "beta.io", "abm", None, False, None, DAY),
    ]
    columns = ("source_id", "company_source_id", "domain", "topic", "score", "is_surging", "stage", "signal_day")
    assert expected == lake.rows(T.INTENT_SIGNAL, *columns)


def test_companies(lake: RawLake) -> None:
    """Counts as text, as a number, or empty; a company without scores is one all the same."""
    expected = [
        ("acme.co.uk", "Acme", "acme.co.uk", "GB", "EMEA", None, Decimal("5.5000")),
        ("beta.io", "Acme", "beta.io", None, None, 2400, Decimal("5.5000")),
        ("quiet.com", "Acme", "quiet.com", "GB", "EMEA", None, Decimal("5.5000")),
    ]
    columns = ("source_id", "name", "domain", "country_code", "region", "employee_count", "annual_revenue")
    assert expected == lake.rows(T.COMPANY, *columns)


def test_segments_are_lists(lake: RawLake) -> None:
    """By name, or by number where the name isn't known; nobody becomes a target by it."""
    expected = [("101:acme.co.uk", "acme.co.uk", "Tier 1", None), ("7:beta.io", "beta.io", "7", None)]
    assert expected == lake.rows(T.LIST_MEMBERSHIP, "source_id", "domain", "list_name", "is_target")


def test_an_answer_about_nobody_is_quarantined(lake: RawLake) -> None:
    """No domain, so no company."""
    assert [("score", "lost.com", "null:company.domain")] == lake.quarantine()
