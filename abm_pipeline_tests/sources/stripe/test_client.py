"""What is Stripe's own: lists without a filter by change, events that last 30 days, discounts told by id, keys."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Record, Window
from abm_pipeline.sources.extract import extract
from abm_pipeline_tests.sources.conftest import UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, CUSTOMER = stream_of("stripe", "customer")
_, SUBSCRIPTION = stream_of("stripe", "subscription")
_, INVOICE = stream_of("stripe", "invoice")
END = datetime(2026, 7, 1, tzinfo=UTC)
EVER = Window(None, END)
WEEK = Window(END - timedelta(days=7), END)


def _loaded(records: list[Record]) -> list[dict[str, object]]:
    return [orjson.loads(record.payload) for record in records]


def test_the_first_load_has_every_object_that_the_lists_have(sandbox: running_sandbox) -> None:
    """Those with events by their events, the others by the list: together all, canceled subscriptions too."""
    api = sandbox.api("stripe")
    wanted = set(api.render.ids[1][api.render.book.made.start[api.render.book.subscription] <= sandbox.world.instant])
    got = fetched(SPEC, SUBSCRIPTION, EVER)
    assert wanted == {record.record_id for record in got}
    assert "canceled" in {row["status"] for row in _loaded(got)}


def test_four_weeks_are_read_from_events_alone(sandbox: running_sandbox) -> None:
    """No list is asked for; every record lies in the weeks; the state of each second is that of its last event."""
    weeks = Window(END - timedelta(weeks=4), END)
    before = dict(sandbox.requests)
    got = fetched(SPEC, INVOICE, weeks)
    asked = {name for name, count in sandbox.requests.items() if count > before.get(name, 0)}
    assert {"GET /stripe/v1/events"} == asked
    assert got
    assert all(weeks.start <= record.at < weeks.end for record in got)  # type: ignore[operator]
    paid = [row for row in _loaded(got) if row["status_transitions"]["paid_at"]]  # type: ignore[index]
    assert {"paid"} == {row["status"] for row in paid}


def test_after_a_gap_longer_than_the_events_everything_is_listed(sandbox: running_sandbox) -> None:
    """Forty days: what has no event is dated by its own stamps, but not before the window."""
    window = Window(END - timedelta(days=40), END)
    got = fetched(SPEC, CUSTOMER, window)
    assert {record.record_id for record in fetched(SPEC, CUSTOMER, EVER)} == {record.record_id for record in got}
    assert all(record.at >= window.start for record in got)  # type: ignore[operator]


def test_a_range_that_lies_before_the_events_has_what_says_so_itself(sandbox: running_sandbox) -> None:
    """February alone: invoices by their own stamps, each within it."""
    window = Window(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    got = fetched(SPEC, INVOICE, window)
    assert got
    assert all(window.start <= record.at < window.end for record in got)  # type: ignore[operator]


def test_discounts_of_events_are_whole(sandbox: running_sandbox) -> None:
    """An event has the discount's id only: the subscription is asked for once, however many events it has."""
    before = dict(sandbox.requests)
    got = _loaded(fetched(SPEC, SUBSCRIPTION, WEEK)) + _loaded(fetched(SPEC, SUBSCRIPTION, EVER))
    discounts = [discount for row in got for discount in row["discounts"]]  # type: ignore[attr-defined]
    assert discounts
    assert all(discount["source"]["coupon"]["duration"] for discount in discounts)
    singles = {n: c - before.get(n, 0) for n, c in sandbox.requests.items() if "/subscriptions/sub_" in n}
    assert max(singles.values()) <= 2


def test_a_deleted_customer_is_kept_as_it_last_was(sandbox: running_sandbox, settings: Settings) -> None:
    """The list no longer has it, its event has: the record keeps name and address and says that it is deleted."""
    book = sandbox.api("stripe").render.book
    row = int(book.gone.argmin())
    day = date.fromtimestamp(int(book.gone[row]))
    spec = only(SPEC, "customer")
    sandbox.set_clock(min(day + timedelta(days=1), UNTIL + timedelta(days=50)))
    extract(spec, settings, [day], "run")
    payloads = [orjson.loads(str(r[0])) for r in raw_rows(settings, spec, CUSTOMER, "payload")]
    gone = [p for p in payloads if p.get("deleted")]
    assert [sandbox.api("stripe").render.ids[0][row]] == [p["id"] for p in gone]
    assert gone[0]["name"]


def test_throttling_is_told_with_its_reason(sandbox: running_sandbox) -> None:
    """429 says which limit was hit; it is waited for, and in the end told."""
    sandbox.configure("stripe", per_second=0)
    with pytest.raises(Retriable, match=r"throttled.*429, global-rate"):
        fetched(SPEC, CUSTOMER, WEEK)


def test_check_reads_customers_and_events(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says in which version events are written; a wrong key is named by its variable."""
    with connect(SPEC) as client:
        assert "reads customers and events (written in version 2026-06-24.dahlia)" == client.check()
    monkeypatch.setenv("ABM_STRIPE_API_KEY", "rk_test_wrong")
    with connect(SPEC) as client, pytest.raises(Permanent, match=r"refused.*Check ABM_STRIPE_API_KEY"):
        client.check()
