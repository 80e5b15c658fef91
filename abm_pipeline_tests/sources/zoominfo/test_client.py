"""What is ZoomInfo's own: searches that find too much, credits, one token at a time, buckets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from abm_pipeline.programme import Programme
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Record, Stream, Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.sources.zoominfo import client as zoominfo
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, stream_of

SPEC, CONTACT = stream_of("zoominfo", "contact")
_, COMPANY = stream_of("zoominfo", "company")
_, CHART = stream_of("zoominfo", "org_chart")
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
EVER = Window(None, JUNE.end)
SEARCH, ENRICH = "POST /zoominfo/data/v1/contacts/search", "POST /zoominfo/data/v1/contacts/enrich"


def programme(**told: Any) -> Programme:
    """The defaults with `sources.zoominfo`."""
    return PROGRAMME.model_copy(update={"sources": {"zoominfo": told}})


def asked(chosen: Programme, stream: Stream = CONTACT, window: Window = EVER) -> list[Record]:
    """Records by a client of its own."""
    with connect(SPEC, chosen) as client:
        return [record for page in client.fetch(stream, window) for record in page.records]


def test_only_people_who_changed_are_enriched(sandbox: running_sandbox) -> None:
    """All are searched; of the day's few, each costs one place in a call of up to 25."""
    last = Window(datetime(2026, 6, 26, tzinfo=UTC), JUNE.end)
    everybody = fetched(SPEC, CONTACT, EVER)
    sandbox.requests.clear()
    few = fetched(SPEC, CONTACT, last)
    assert 0 < len(few) < len(everybody) / 2
    assert 1 == sandbox.requests[ENRICH]
    assert all("enrich" in orjson.loads(record.payload) for record in few)


def test_websites_choose_companies(sandbox: running_sandbox) -> None:
    """Two by name; one of them in another spelling, and one that ZoomInfo hasn't."""
    sites = [orjson.loads(record.payload)["attributes"]["website"] for record in fetched(SPEC, COMPANY, JUNE)][:2]
    chosen = programme(websites=[sites[0], "HTTP://" + sites[1].upper(), "nobody.example"])
    companies = {record.record_id for record in asked(chosen, COMPANY, JUNE)}
    assert 2 == len(companies)
    people = asked(chosen)
    assert companies >= {str(orjson.loads(r.payload)["attributes"]["company"]["id"]) for r in people} != set()
    assert {r.record_id.partition(":")[0] for r in asked(chosen, CHART, JUNE)} <= companies


def test_a_search_that_finds_too_much_is_cut_by_website(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for eight only, the list is halved until each search fits; the same people in the end."""
    sites = [orjson.loads(record.payload)["attributes"]["website"] for record in fetched(SPEC, COMPANY, JUNE)]
    whole = asked(programme(websites=sites))
    monkeypatch.setattr(zoominfo, "MAX_RESULTS", 20)
    with connect(SPEC, programme(websites=sites)) as client:
        cut = [record for page in client.fetch(CONTACT, EVER) for record in page.records]
        assert int(client.notes(CONTACT)["searches_cut"]) > 1
    assert sorted(whole) == sorted(cut)


def test_a_search_for_everything_spends_nothing_when_it_is_too_much(sandbox: running_sandbox) -> None:
    """More than can be read: an error that says what to name, and nobody was enriched."""
    sandbox.configure("zoominfo", total=10_001)
    sandbox.requests.clear()
    with pytest.raises(Permanent, match=r"more than 10,000.*sources.zoominfo.websites"):
        fetched(SPEC, CONTACT, EVER)
    assert ENRICH not in sandbox.requests


def test_without_enrichment_nothing_is_bought(sandbox: running_sandbox) -> None:
    """Names only; and people of some levels only."""
    sandbox.requests.clear()
    some = asked(programme(enrich=False, management_levels=["C-Level", "VP-Level"]))
    assert ENRICH not in sandbox.requests
    assert 0 < len(some) < len(asked(programme(enrich=False)))
    assert not any("enrich" in orjson.loads(record.payload) for record in some)


def test_used_up_credits_end_the_stream(sandbox: running_sandbox, settings: Settings) -> None:
    """PFAPI0011 comes with a 400 and is not retried; the other streams are stored."""
    sandbox.configure("zoominfo", credits=3)
    sandbox.api("zoominfo").managed.clear()
    with pytest.raises(ExtractError, match=r"PFAPI0011.*credits are used up") as caught:
        extract(SPEC, settings, [UNTIL], "run")
    assert {"contact"} == set(caught.value.failures)


def test_charts_that_are_not_bought_are_left_out(sandbox: running_sandbox, settings: Settings) -> None:
    """ZI0003: a note, and the rest is stored."""
    sandbox.configure("zoominfo", has_org_charts=False)
    reports = {report.stream: report for report in extract(SPEC, settings, [UNTIL], "run")}
    assert "subscription does not include" in str(reports["org_chart"].notes["skipped"])
    assert reports["contact"].records > 0


def test_a_second_token_ends_the_first(sandbox: running_sandbox) -> None:
    """Somebody else logs in as the same app in mid-run: a new token is got once, and nothing is lost."""
    clean = fetched(SPEC, COMPANY, JUNE)
    with connect(SPEC) as client:
        sandbox.api("zoominfo").token = "somebody-elses"
        assert clean == [record for page in client.fetch(COMPANY, JUNE) for record in page.records]


def test_buckets_say_how_long_to_wait(sandbox: running_sandbox) -> None:
    """The second's bucket is waited for; the day's is more than a run waits, so one try."""
    sandbox.configure("zoominfo", per_second=0)
    with connect(SPEC) as client, pytest.raises(Retriable, match="ZI0004") as caught:
        client.check()
    assert 1.0 == caught.value.retry_after
    sandbox.configure("zoominfo", per_second=100_000, day_left=0)
    sandbox.requests.clear()
    with connect(SPEC) as client, pytest.raises(Retriable, match="too long for a run"):
        client.check()
    assert 1 == sandbox.requests[SEARCH]


def test_who_left_is_not_found_and_who_is_checked_comes_again(sandbox: running_sandbox) -> None:
    """Two months apart: some are gone, and everybody else has a later version."""
    sandbox.set_clock(date(2026, 4, 30))
    before = {record.record_id: record.version for record in fetched(SPEC, CONTACT, Window(None, JUNE.end))}
    sandbox.set_clock(UNTIL)
    after = {record.record_id: record.version for record in fetched(SPEC, CONTACT, EVER)}
    assert before.keys() - after.keys()
    assert all(after[ident] > before[ident] for ident in before.keys() & after.keys())


def test_check_tells_what_it_would_cost(sandbox: running_sandbox) -> None:
    """The number of people found."""
    with connect(SPEC) as client:
        assert f"{len(fetched(SPEC, CONTACT, EVER))} people, each of whom costs a credit a year" == client.check()
