"""Answers, tickets, use, referrals and reviews: each record as last known, on the day that it names."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh
from abm_pipeline_tests.identity.staged import at, read, settings_of, span, stage

D = span("2025-03-01", 4)
TABLES = (t.FACT_SURVEY, t.FACT_TICKET, t.FACT_USAGE, t.FACT_REFERRAL, t.FACT_REVIEW)


def record(source_id: str, told: date, **values: Any) -> dict[str, Any]:
    """A version of a record of acme.com."""
    return {"source": "x", "source_id": source_id, "modified_at": at(str(told)), "domain": "acme.com"} | values


def test_each_on_its_day_as_last_known(tmp_path: Path) -> None:
    """All happen on 1 March and arrive on the 2nd. The ticket is solved on the 3rd, the referral taken back, the
    review of a company that has a record there: its key is the record, else the domain."""
    settings = settings_of(tmp_path)
    lake = settings.open_lake
    answer = {"survey_type": "nps", "answered_at": at("2025-03-01 23:30"), "score": 9.0, "contact_source_id": "p"}
    stage(lake, t.SURVEY_RESPONSE, [record("a", D[1], **answer)])
    ticket = {"opened_at": at("2025-03-01"), "priority": "high"}
    stage(lake, t.TICKET, [record("b", D[1], **ticket)])
    stage(lake, t.TICKET, [record("b", D[2], **ticket, solved_at=at("2025-03-03"))])
    stage(lake, t.USAGE_DAY, [record("c", D[1], usage_on_day=D[0], product="p", feature="f", active_users=3)])
    referral = {"referred_day": D[0], "referred_domain": "other.com"}
    stage(lake, t.REFERRAL, [record("d", D[1], **referral), record("e", D[1], **referral)])
    stage(lake, t.REFERRAL, [record("e", D[2], **referral, is_deleted=True)])
    review = {"site": "g2", "rating": 4.0, "rating_max": 5.0, "reviewed_day": D[0], "company_source_id": "7"}
    stage(lake, t.REVIEW, [record("f", D[1], **review)])
    refresh(settings, D, "run", TABLES)

    acme = (D[0], "domain:acme.com")
    assert [(*acme, "x:p", 9.0)] == read(lake, t.FACT_SURVEY, "day company_key contact_key score")
    assert [(*acme, "high", at("2025-03-03"))] == read(lake, t.FACT_TICKET, "day company_key priority solved_at")
    assert [(*acme, "f", 3)] == read(lake, t.FACT_USAGE, "day company_key feature active_users")
    assert [(*acme, "domain:other.com")] == read(lake, t.FACT_REFERRAL, "day company_key referred_key")
    assert [(D[0], "x:7", 4.0)] == read(lake, t.FACT_REVIEW, "day company_key rating")


def test_a_record_moved_to_another_day_leaves_the_one_it_was_on(tmp_path: Path) -> None:
    """A review of 1 March turns out to be of the 2nd: computed for the 4th only, both days change."""
    settings = settings_of(tmp_path)
    known = {"site": "g2", "rating": 4.0, "rating_max": 5.0}
    stage(settings.open_lake, t.REVIEW, [record("f", D[1], **known, reviewed_day=D[0])], D[:3])
    refresh(settings, D[:3], "run", TABLES)
    stage(settings.open_lake, t.REVIEW, [record("f", D[3], **known, reviewed_day=D[1])])
    reports = {report.table: report for report in refresh(settings, D[3:], "run", TABLES)}
    assert [(D[1], "f")] == read(settings.open_lake, t.FACT_REVIEW, "day source_id")
    assert {D[0], D[1], D[3]} == set(reports[t.FACT_REVIEW].changed)
