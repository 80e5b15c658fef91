"""Recurring revenue: stretches of one amount, and movements between month ends that add up."""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.staged import at, read, settings_of, span, stage

DAY = date.fromisoformat
TABLES = (t.FACT_SUBSCRIPTION, t.MRR_MONTH)


def version(name: str, told: str, mrr: int | None, **values: Any) -> dict[str, Any]:
    """What the billing system said on a day: company c of stripe, dollars, begun on 10 January 2025."""
    known = {"source": "stripe", "source_id": name, "company_source_id": "c", "currency": "USD", "mrr_listed": mrr}
    amount = None if mrr is None else Decimal(mrr)
    return known | {"mrr": amount, "modified_at": at(told), "started_day": DAY("2025-01-10")} | values


def stretches(settings: Settings) -> list[Any]:
    """(from, until before, amount in dollars)."""
    return read(settings.open_lake, t.FACT_SUBSCRIPTION, "valid_from_day valid_to_day mrr_reporting")


def months(settings: Settings, columns: str = "day company_key mrr_reporting mrr_change movement") -> list[Any]:
    """Rows of mrr_month."""
    return read(settings.open_lake, t.MRR_MONTH, columns)


def test_stretches_of_one_amount(tmp_path: Path) -> None:
    """First told on 5 March with 100, so since its start; 100 again on the 8th changes nothing; 150 on the 20th; over
    on 1 May, told on 9 May: 100 from 10 January, 150 from 20 March until before 1 May."""
    settings = settings_of(tmp_path)
    over = version("s", "2025-05-09", 0, ended_day=DAY("2025-05-01"), mrr_listed=Decimal(150))
    told = [("2025-03-05", 100), ("2025-03-08", 100), ("2025-03-20", 150)]
    stage(settings.open_lake, t.SUBSCRIPTION, [*(version("s", when, mrr) for when, mrr in told), over])
    refresh(settings, [DAY("2025-05-09")], "run", TABLES)
    assert [
        (DAY("2025-01-10"), DAY("2025-03-20"), Decimal(100)),
        (DAY("2025-03-20"), DAY("2025-05-01"), Decimal(150)),
    ] == stretches(settings)


def test_over_when_first_seen_trial_and_deleted(tmp_path: Path) -> None:
    """Over since 1 March when first told: what its items say until then. A trial of 0 has no stretch until it pays on
    1 April, a deleted one none at all; an unknown discount leaves the amount unknown, and the run says so."""
    settings = settings_of(tmp_path)
    over = version("a", "2025-06-01", 0, ended_day=DAY("2025-03-01"), mrr_listed=Decimal(70))
    trial = [version("b", "2025-03-01", 0), version("b", "2025-04-01", 30)]
    gone = [version("c", "2025-03-01", 30), version("c", "2025-04-01", 0, is_deleted=True)]
    stage(settings.open_lake, t.SUBSCRIPTION, [over, *trial, *gone, version("d", "2025-02-01", None)])
    reports = refresh(settings, [DAY("2025-06-01")], "run", TABLES)
    assert [
        (DAY("2025-01-10"), None, None),
        (DAY("2025-01-10"), DAY("2025-03-01"), Decimal(70)),
        (DAY("2025-04-01"), None, Decimal(30)),
    ] == stretches(settings)
    assert {"amounts_unknown": 1, "amounts_unconverted": 0} == reports[0].notes


def test_a_rate_is_no_expansion(tmp_path: Path) -> None:
    """EUR 80 a month, told in March at 0.8 a dollar, is 100 dollars; in April the rate is 0.5, and it still is. Rates
    begin in February: what began in January is worth what it was at the first one."""
    settings = settings_of(tmp_path)
    rate = {"currency": "EUR", "modified_at": at("2025-03-01")}
    starts = [("2025-02-01", 0.8), ("2025-04-01", 0.5)]
    stage(
        settings.open_lake,
        t.FX_RATE,
        [rate | {"source_id": start, "start_day": DAY(start), "rate": units} for start, units in starts],
    )
    stage(settings.open_lake, t.SUBSCRIPTION, [version("s", "2025-03-05", 80, currency="EUR")])
    refresh(settings, span("2025-03-05", 57), "run", TABLES)
    assert [
        ("new", Decimal(100)), ("flat", Decimal(0)), ("flat", Decimal(0)), ("flat", Decimal(0))
    ] == [(movement, change) for _, _, _, change, movement in months(settings)]  # fmt: skip


def test_every_movement(tmp_path: Path) -> None:
    """Month ends of a company: Jan 100 (new), Feb 150 (expansion), Mar 150 (flat), Apr 120 (contraction), May 0
    (churn), Jun 0 (no row), Jul 90 (resurrection): changes 100 + 50 + 0 − 30 − 120 + 90 = 90.

    The add-on of 50 from February to April is a subscription of its own; May is over, July another one.
    """
    settings = settings_of(tmp_path)
    first = [version("a", "2025-01-10", 100), version("a", "2025-04-15", 120)]
    first.append(version("a", "2025-05-20", 0, ended_day=DAY("2025-05-20")))
    add_on = [version("b", "2025-02-10", 50, started_day=DAY("2025-02-10"))]
    add_on.append(version("b", "2025-04-15", 0, ended_day=DAY("2025-04-15")))
    again = version("c", "2025-07-03", 90, started_day=DAY("2025-07-03"))
    stage(settings.open_lake, t.SUBSCRIPTION, [*first, *add_on, again])
    refresh(settings, span("2025-01-01", 212), "run", TABLES)
    assert [
        (DAY("2025-01-31"), "stripe:c", Decimal(100), Decimal(100), "new"),
        (DAY("2025-02-28"), "stripe:c", Decimal(150), Decimal(50), "expansion"),
        (DAY("2025-03-31"), "stripe:c", Decimal(150), Decimal(0), "flat"),
        (DAY("2025-04-30"), "stripe:c", Decimal(120), Decimal(-30), "contraction"),
        (DAY("2025-05-31"), "stripe:c", Decimal(0), Decimal(-120), "churn"),
        (DAY("2025-07-31"), "stripe:c", Decimal(90), Decimal(90), "resurrection"),
    ] == months(settings)


def test_two_subscriptions_of_a_company_are_one_customer(tmp_path: Path) -> None:
    """A company leaves one plan of 100 and takes another of 100 on the same day: flat, not churn and new."""
    settings = settings_of(tmp_path)
    old = [version("a", "2025-01-10", 100), version("a", "2025-02-10", 0, ended_day=DAY("2025-02-10"))]
    new = version("b", "2025-02-10", 100, started_day=DAY("2025-02-10"))
    stage(settings.open_lake, t.SUBSCRIPTION, [*old, new])
    refresh(settings, span("2025-01-01", 59), "run", TABLES)
    assert ["new", "flat"] == [movement for *_, movement in months(settings)]


CHANGES = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("ab"), st.integers(0, 150), st.sampled_from([0, 10, 20, 30])),
    max_size=10,
    unique_by=lambda row: row[:3],
)


@examples(max_examples=6, deadline=None)
@given(CHANGES)
def test_movements_add_up_and_a_range_equals_its_parts(changes: list[tuple[str, str, int, int]]) -> None:
    """Σ of all changes of a company up to a month is its revenue there; refreshed in two halves, rows are the same."""
    days = span("2025-01-01", 181)
    rows = [
        version(f"{who}{sub}", str(days[day]), mrr, company_source_id=who, started_day=days[day])
        for who, sub, day, mrr in changes
    ]
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as parts:
        at_once, halves = settings_of(Path(whole)), settings_of(Path(parts))
        stage(at_once.open_lake, t.SUBSCRIPTION, rows, days)
        refresh(at_once, days, "run", TABLES)
        for piece in (days[:80], days[80:]):
            stage(halves.open_lake, t.SUBSCRIPTION, [r for r in rows if r["modified_at"].date() in piece], piece)
            refresh(halves, piece, "run", TABLES)
        running: dict[str, Decimal] = {}
        for _, company, mrr, change, _ in months(at_once):
            running[company] = running.get(company, Decimal(0)) + change
            assert running[company] == mrr
        assert months(at_once) == months(halves)
        assert stretches(at_once) == stretches(halves)
