"""What is G2's own: cursors in links, days read again, reviews removed, plans, and its front's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import orjson
import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.g2 import client as g2
from abm_pipeline_tests.sources.conftest import UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, INTENT = stream_of("g2", "buyer_intent")
_, REVIEW = stream_of("g2", "review")
_, REMOVED = stream_of("g2", "removed_review")
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
EVER = Window(None, JUNE.end)


def test_small_pages_give_what_large_ones_give(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """June's rows in pages of twenty: the same, in the same order."""
    large = fetched(SPEC, INTENT, JUNE)
    monkeypatch.setattr(g2, "PAGE_SIZE", 20)
    with connect(SPEC) as client:
        pages = list(client.fetch(INTENT, JUNE))
    assert len(pages) > 5
    assert large == [record for page in pages for record in page.records]


def test_a_late_visit_reaches_its_day(sandbox: running_sandbox, settings: Settings) -> None:
    """Pulled on the 24th and again on the 30th: the 24th's rows grow, and none of them is lost."""
    spec = only(SPEC, "buyer_intent")
    day = date(2026, 6, 24)
    sandbox.set_clock(day)
    extract(spec, settings, [day], "then")
    then = {row[1] for row in raw_rows(settings, spec, INTENT)}
    sandbox.set_clock(UNTIL)
    extract(spec, settings, [UNTIL], "now")
    now = {row[1] for row in raw_rows(settings, spec, INTENT) if row[0] == day}
    assert then < now


def test_the_other_product_is_asked_for_too(sandbox: running_sandbox) -> None:
    """Both products' rows, told apart by the last part of the id."""
    assert 2 == len({record.record_id.rpartition("|")[2] for record in fetched(SPEC, INTENT, JUNE)})


def test_a_changed_review_comes_again_with_a_later_version(sandbox: running_sandbox) -> None:
    """Reviews that were changed in June stand under the instant of that change, not under their first."""
    sandbox.set_clock(date(2026, 5, 31))
    before = {record.record_id: record for record in fetched(SPEC, REVIEW, EVER)}
    sandbox.set_clock(UNTIL)
    again = [record for record in fetched(SPEC, REVIEW, JUNE) if record.record_id in before]
    assert again
    assert all(record.version > before[record.record_id].version for record in again)


def test_removed_reviews_are_in_one_list_only(sandbox: running_sandbox) -> None:
    """What was taken down is told with the instant, and not among the published any more."""
    gone = fetched(SPEC, REMOVED, EVER)
    assert gone
    assert set() == {r.record_id for r in gone} & {r.record_id for r in fetched(SPEC, REVIEW, EVER)}
    assert {"product_name", "removed_at", "slug", "submitted_at"} == set(orjson.loads(gone[0].payload)["attributes"])


def test_a_plan_without_reviews_leaves_them_out(sandbox: running_sandbox, settings: Settings) -> None:
    """The 403 of a plan is a note, and intent is stored all the same."""
    sandbox.configure("g2", has_reviews=False)
    reports = {report.stream: report for report in extract(SPEC, settings, [UNTIL], "run")}
    assert reports["buyer_intent"].records > 0
    assert "the plan does not include this" in str(reports["review"].notes["skipped"])


def test_somebody_elses_product_says_what_to_check(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slug that is not there and an id of another vendor's."""
    for product in ("salesforce-sales-cloud", "f6d9f6d6-3ec1-4380-8525-000000000002"):
        monkeypatch.setenv("ABM_G2_PRODUCTS", product)
        with connect(SPEC) as client, pytest.raises(Permanent, match="Check ABM_G2_PRODUCTS"):
            client.check()


def test_the_fronts_minute_is_waited_for(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shut out after five requests, by a page that is not JSON: a minute is asked for."""
    waits: list[float | None] = []
    original = g2.Client._judge

    def heard(self: g2.Client, response: object, stream: str) -> object:
        error = original(self, response, stream)  # type: ignore[arg-type]
        waits.append(getattr(error, "retry_after", None))
        sandbox.api("g2").blocked_until = 0.0
        sandbox.api("g2").recent.clear()
        return error

    monkeypatch.setattr(g2.Client, "_judge", heard)
    monkeypatch.setattr(g2, "PAGE_SIZE", 50)
    sandbox.configure("g2", per_second=0)
    with connect(SPEC) as client, pytest.raises(Exception, match="throttled"):
        client.check()
    assert {60.0} == set(waits)


def test_check_counts_products(sandbox: running_sandbox) -> None:
    """One row of each product."""
    with connect(replace(SPEC)) as client:
        assert "2 products" == client.check()
