"""G2's payloads as canonical rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake

SUBJECT = {"subject_product_id": "p-own", "subject_product_slug": "northwind"}


def visit(**told: Any) -> dict[str, Any]:
    """One row of buyer intent."""
    base = {
        "total_activity": 3, "visitor_count": 1, "last_seen_at": "2026-03-02T11:00:00.000Z", "day": "2026-03-02",
        "signal_type": "pricing", "company_id": "c-1", "company_name": "Acme", "company_domain": "www.Acme.com",
        "company_country": "United Kingdom", "company_industry": "Software", "company_intent_score": 60.0,
        "category_id": None, "category_name": None, "left_product_id": "p-own", "left_product_name": "Northwind",
        "right_product_id": None, "right_product_name": None,
    }  # fmt: skip
    return {"id": "hash", "type": "buyer_intent", "attributes": {**base, **told, **SUBJECT}}


def review(**told: Any) -> dict[str, Any]:
    """One review."""
    base = {
        "title": "Good", "star_rating": 4.5, "published_at": "2026-03-01T18:30:00.000-06:00",
        "user_updated_at": "2026-02-27T10:00:00.000-06:00",
        "answers": {"love": {"text": "?", "value": "Fast."}, "hate": {"text": "?", "value": "Search."}},
    }  # fmt: skip
    return {"id": "r", "type": "reviews", "attributes": {**base, **told}}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Everything staged in one run; then a review is taken down a day later."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    lake.put("g2", "buyer_intent", "a", visit())
    lake.put(
        "g2", "buyer_intent", "b",
        visit(signal_type="compare", right_product_name="Contoso", company_intent_score=59.9),
    )  # fmt: skip
    lake.put(
        "g2", "buyer_intent", "c",
        visit(signal_type="category", left_product_name=None, category_name="ABM", company_id="c-2",
              company_domain=None, company_name="Beta", company_intent_score=None, company_country=None),
    )  # fmt: skip
    lake.put("g2", "buyer_intent", "d", visit(company_id=None))
    lake.put("g2", "review", "r1", {**review(), "id": "r1"})
    lake.put(
        "g2", "review", "r2",
        {**review(user_updated_at="2026-03-02T01:00:00.000-06:00", answers={"love": {"value": "Fast."}}), "id": "r2"},
    )  # fmt: skip
    lake.put("g2", "review", "r3", {**review(star_rating=None), "id": "r3"})
    lake.empty("g2", "removed_review", DAY)
    lake.stage()
    later = date(2026, 3, 3)
    gone = {"id": "r2", "type": "reviews", "attributes": {"removed_at": "2026-03-03T09:00:00.000-06:00"}}
    lake.put("g2", "removed_review", "r2", gone, day=later)
    lake.stage([later])
    return lake


def test_topics_say_what_was_looked_at(lake: RawLake) -> None:
    """Own page, comparison, category; 60 surges, 59.9 and no score don't."""
    expected = [
        ("a", "c-1", "acme.com", "Northwind (pricing)", 60.0, True, "pricing", DAY),
        ("b", "c-1", "acme.com", "Northwind / Contoso (compare)", 59.9, False, "compare", DAY),
        ("c", "c-2", None, "ABM (category)", None, False, "category", DAY),
    ]
    columns = ("source_id", "company_source_id", "domain", "topic", "score", "is_surging", "stage", "signal_day")
    assert expected == lake.rows(T.INTENT_SIGNAL, *columns)


def test_companies(lake: RawLake) -> None:
    """Once for all rows of a company; one without a domain is there all the same."""
    expected = [("c-1", "Acme", "acme.com", "GB", "EMEA", "Software"), ("c-2", "Beta", None, None, None, "Software")]
    assert expected == lake.rows(T.COMPANY, "source_id", "name", "domain", "country_code", "region", "industry")


def test_reviews(lake: RawLake) -> None:
    """Published in the evening in Chicago is the next day in UTC. The one taken down later is deleted as of then."""
    columns = ("source_id", "site", "title", "rating", "rating_max", "comment", "reviewed_day", "is_deleted")
    assert [
        ("r1", "g2", "Good", 4.5, 5.0, "Fast. / Search.", DAY, False),
        ("r2", "g2", "Good", 4.5, 5.0, "Fast.", DAY, True),
    ] == lake.rows(T.REVIEW, *columns)
    assert (datetime(2026, 3, 2, 0, 30, tzinfo=UTC),) == lake.one(T.REVIEW, "r1", "modified_at")
    assert (datetime(2026, 3, 3, 15, 0, tzinfo=UTC),) == lake.one(T.REVIEW, "r2", "modified_at")


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A visit of nobody, a review without stars."""
    expected = [
        ("buyer_intent", "d", "null:attributes.company_id"), ("review", "r3", "null:attributes.star_rating"),
    ]  # fmt: skip
    assert expected == lake.quarantine()
