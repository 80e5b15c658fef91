"""Facts on Spark are DuckDB's: every step's rows, and what stands in the lake in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts import _base
from abm_pipeline.facts import refresh as facts
from abm_pipeline.settings import Settings
from abm_pipeline_tests.facts import test_cost, test_customers, test_deal, test_intent, test_subscription
from abm_pipeline_tests.identity.staged import at, settings_of, span, stage
from abm_pipeline_tests.spark.compare import Rows, assert_same, copied, recorded

D = span("2025-03-29", 4)
STEPS = {step.name: step.about for step in (*facts.RATES, *(step for fact in facts.FACTS for step in fact.steps))}


def write_staged(settings: Settings) -> None:
    """A little of everything that facts are made of, in a zone in which some days are not UTC's."""
    lake = settings.open_lake
    rate = {"currency": "EUR", "modified_at": at("2025-03-01")}
    stage(
        lake,
        t.FX_RATE,
        [
            rate | {"source_id": "r", "start_day": date(2025, 1, 1), "rate": 0.8},
            rate | {"source_id": "s", "start_day": D[1], "rate": 0.9},
            rate | {"source": "hubspot", "source_id": "r", "start_day": date(2025, 2, 1), "rate": 0.7},
        ],
    )
    meeting = test_cost.meeting
    stage(
        lake,
        t.ACTIVITY,
        [
            meeting("1", "2025-03-29 23:30", content_type="case_study"),
            meeting("1", "2025-03-30 10:00", modified_at=at("2025-03-31")),
            meeting("2", "2025-03-30 03:30", contact_source_id="p", campaign_source_id="9"),
            meeting("3", "2025-03-30 03:30", source="hubspot", same_as="salesforce:2"),
            meeting("4", "2025-03-31 03:30", company_source_id=None, contact_source_id="p", duration_seconds=61.5),
            meeting("5", "2025-03-31 09:00", is_deleted=True),
            meeting("6", "2025-04-01 15:00"),  # in a month for which nobody logged hours
        ],
    )
    ad = {"source": "linkedin", "campaign_source_id": "9", "day": D[1], "currency": "EUR"}
    stage(
        lake,
        t.AD_DELIVERY,
        [
            ad | {"source_id": "9", "spend": Decimal("100.01"), "impressions": 30},
            ad | {"source_id": "9:7", "company_source_id": "7", "spend": Decimal(40), "impressions": 3, "clicks": 1},
        ],
    )
    seen = {"source": "g2", "is_snapshot": False}
    signal = test_intent.signal
    stage(
        lake,
        t.INTENT_SIGNAL,
        [
            signal(D[0], "CRM", 70),
            signal(D[2], "ABM", 90),
            signal(D[2], "ABM", 40, signal_day=D[1]),
            signal(D[0], "pricing", 40, **seen),
            signal(D[1], "pricing", 70, source_id="later", **seen),
        ],
    )
    receipt, hours = test_cost.receipt, test_cost.hours
    stage(
        lake,
        t.STAGED_COST,
        [
            receipt("a", 80, currency="EUR", domain="acme.com", cost_day=D[0]),
            receipt("b", 50, currency="XTS", cost_day=D[1]),
            receipt("a", 90, currency="EUR", cost_day=D[1], modified_at=at("2025-03-31")),
        ],
    )
    rated = hours("h", D[1], hourly_rate=Decimal(60), currency="USD")
    stage(lake, t.TIME_ENTRY, [rated, hours("i", date(2025, 2, 3))])
    _write_deals(settings)
    _write_customers(settings)


def _write_deals(settings: Settings) -> None:
    lake, deal, event, lost = settings.open_lake, test_deal.deal, test_deal.event, test_deal.LOST
    stage(
        lake,
        t.DEAL,
        [
            deal("d", modified_at=at("2025-03-05"), deal_type="new", kind="none", **test_deal.WON),
            deal("d", modified_at=at("2025-02-05"), owner_id="lee"),
            deal("e", currency="EUR", amount=Decimal("33.33")),
            deal("e", currency="EUR", amount=Decimal("44.44"), modified_at=at("2025-02-07"), close_day=D[0], **lost),
            deal("f", amount=Decimal(7), modified_at=at("2025-03-09")),
            deal("f", same_as="salesforce:d", source="hubspot"),
        ],
    )  # fmt: skip
    stage(
        lake,
        t.DEAL_STAGE_EVENT,
        [
            event("d", "Discovery", "2025-01-01"),
            event("d", "Discovery", "2025-02-01", 12),
            event("d", "Closed Won", "2025-03-03 23:30", 12),
            event("d", "Proposal", "2025-03-04"),
            event("d", "Closed Won", "2025-03-05", 15),
            event("f", "Discovery", "2025-01-02", 5),
        ],
    )
    lead = {"contact_source_id": "p", "modified_at": at("2025-03-02"), "entered_at": at("2025-03-02")}
    stage(lake, t.LEAD_EVENT, [lead | {"source_id": "l", "stage": "mql"}, lead | {"source_id": "m", "stage": "sql"}])
    stage(lake, t.CONTACT, [{"source_id": "p", "company_source_id": "001", "modified_at": at("2025-03-01")}])
    stage(lake, t.CAMPAIGN, [{"source_id": "9", "name": "Spring", "start_day": D[0], "modified_at": at("2025-03-01")}])


def _write_customers(settings: Settings) -> None:
    lake, record, version = settings.open_lake, test_customers.record, test_subscription.version
    over = version("s", "2025-05-09", 0, ended_day=date(2025, 5, 1), mrr_listed=Decimal(150))
    told = [("2025-03-05", 100), ("2025-03-08", 100), ("2025-03-20", 150)]
    gone = [version("c", "2025-03-01", 30), version("c", "2025-04-01", 0, is_deleted=True)]
    changed = [version("s", when, mrr) for when, mrr in told]
    stage(lake, t.SUBSCRIPTION, [*changed, over, *gone, version("e", "2025-02-01", 80, currency="EUR")])
    answer = {"survey_type": "nps", "answered_at": at("2025-03-30 23:30"), "score": 9.0, "contact_source_id": "p"}
    stage(lake, t.SURVEY_RESPONSE, [record("a", D[1], **answer)])
    ticket = {"opened_at": at("2025-03-30 01:00"), "priority": "high"}
    stage(lake, t.TICKET, [record("b", D[1], **ticket), record("b", D[2], **ticket, solved_at=at("2025-03-31"))])
    stage(lake, t.USAGE_DAY, [record("c", D[1], usage_on_day=D[0], product="p", feature="f", active_users=3)])
    referral = {"referred_day": D[0], "referred_domain": "other.com"}
    stage(lake, t.REFERRAL, [record("d", D[1], **referral), record("e", D[2], **referral, is_deleted=True)])
    review = {"site": "g2", "rating": 4.0, "rating_max": 5.0, "reviewed_day": D[0], "company_source_id": "7"}
    stage(lake, t.REVIEW, [record("f", D[1], **review)])


@dataclass
class Both:
    """Each step's rows by both engines, and where Spark wrote."""

    duckdb: dict[str, list[Rows]]
    spark: dict[str, list[Rows]]
    settings: Settings


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, master: str) -> Both:
    """The same days of the same staged rows, in one lake computed on DuckDB, in another on Spark."""
    settings = settings_of(tmp_path_factory.mktemp("facts"), "reporting_timezone: America/New_York\n")
    write_staged(settings)
    of_spark = copied(settings, master)
    with recorded(facts, _base) as on_duckdb:
        facts.refresh(settings, D, "run")
    with recorded(facts, _base) as on_spark:
        facts.refresh(of_spark, D, "run")
    return Both(on_duckdb, on_spark, of_spark)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_gives_the_same_rows(both: Both, step: str) -> None:
    """Every step of the layer, a new one too, has rows in this world, and the same on both engines."""
    assert_same(both.duckdb[step], both.spark[step])


def test_what_agrees_is_not_written_again(both: Both) -> None:
    """No partition that Spark wrote differs from what DuckDB computes for it, to the bit: all stand as they stood."""
    reports = facts.refresh(both.settings.model_copy(update={"engine": "duckdb"}), D, "run")
    assert {fact.table: () for fact in facts.FACTS} == {report.table: tuple(report.changed) for report in reports}
