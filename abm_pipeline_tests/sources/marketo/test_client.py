"""What is Marketo's own: errors with HTTP 200, one token, paging over empty pages, exports, late and merged records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.sources.marketo import _bulk, client
from abm_pipeline.sources.marketo._answers import until_midnight
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, only, stream_of

SPEC, ACTIVITY = stream_of("marketo", "activity")
LEAD = stream_of("marketo", "lead")[1]
END = datetime(2026, 7, 1, tzinfo=UTC)
EVER, WEEK = Window(None, END), Window(END - timedelta(days=7), END)


def _rows(stream: object, window: Window) -> dict[str, dict[str, object]]:
    return {r.record_id: orjson.loads(r.payload) for r in fetched(SPEC, stream, window)}  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["602", "601", "604", "606", "608", "615", "713", "1029"])
def test_errors_that_pass_change_nothing(sandbox: running_sandbox, code: str) -> None:
    """An error is HTTP 200 with a code: over tokens are renewed, limits and hiccups waited for."""
    clean = _rows(ACTIVITY, WEEK)
    sandbox.configure("marketo", fail_next=[code, code])
    assert clean == _rows(ACTIVITY, WEEK)


@pytest.mark.parametrize(("code", "remedy"), [("603", "Read-Only"), ("610", "ABM_MARKETO_BASE_URL"), ("1003", "")])
def test_errors_that_stay_are_told(sandbox: running_sandbox, code: str, remedy: str) -> None:
    """Permissions, wrong paths and refused values are not tried again."""
    sandbox.configure("marketo", fail_next=[code])
    with pytest.raises(Permanent, match=f"HTTP 200, {code}.*{remedy}"):
        fetched(SPEC, ACTIVITY, WEEK)


def test_a_used_up_day_is_not_waited_for(sandbox: running_sandbox, settings: Settings) -> None:
    """607 holds until midnight in Chicago, hours after the clock's 23:59 UTC: run again later."""
    sandbox.configure("marketo", daily_calls=0)
    with pytest.raises(ExtractError, match=r"quota is used up.*run again later"):
        extract(only(SPEC, "program"), settings, [UNTIL], "run")


def test_the_quotas_day_is_chicagos() -> None:
    """23:59:59 UTC on 30 June is 18:59:59 in Chicago: 5 h 1 s are left. Clocks go back on a day of 25 hours."""
    assert 5 * 3600 + 1 == until_midnight(datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC))
    assert 25 * 3600 == until_midnight(datetime(2026, 11, 1, 5, tzinfo=UTC))


def test_empty_pages_are_not_the_end(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is of what was looked at: with one row a page, those of sends (not asked for) come without `result`."""
    clean = _rows(ACTIVITY, WEEK)
    monkeypatch.setattr(client, "PAGE_ROWS", 1)
    with connect(SPEC) as marketo:
        pages = [[record.record_id for record in page.records] for page in marketo.fetch(ACTIVITY, WEEK)]
    assert [] in pages[:-1]
    assert set(clean) == {ident for page in pages for ident in page}


@pytest.mark.parametrize("fault", ["429", "500", "cut_body", "expired_token"])
def test_a_fault_between_pages_changes_nothing(
    sandbox: running_sandbox, small_pages: None, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The activity log's third page fails: none lost, none twice."""
    clean = fetched(SPEC, ACTIVITY, WEEK)
    sandbox.set_fault(r"/activities\.json", fault, times=1, after=2)
    assert [r[:3] for r in clean] == [r[:3] for r in fetched(SPEC, ACTIVITY, WEEK)]


@pytest.mark.parametrize("stream", [ACTIVITY, LEAD], ids=["activity", "lead"])
def test_export_and_rest_give_the_same_records(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch, stream: object
) -> None:
    """Numbers, booleans, lists of attributes, nothing for `null`: a record is the same whichever way it came."""
    by_rest = _rows(stream, WEEK)
    monkeypatch.setattr(client, "REST_DAYS", timedelta(0))
    by_export = _rows(stream, WEEK)
    assert by_rest
    assert by_rest == by_export


def test_an_export_is_read_piece_by_piece(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of 700 bytes cut lines and quoted cells anywhere; jobs need some polls."""
    clean = fetched(SPEC, ACTIVITY, EVER)
    sandbox.configure("marketo", polls=3)
    monkeypatch.setattr(_bulk, "CHUNK_BYTES", 700)
    monkeypatch.setattr(_bulk, "PAGE_ROWS", 10)
    again = fetched(SPEC, ACTIVITY, EVER)
    assert [r[:4] for r in clean] == [r[:4] for r in again]


@pytest.mark.parametrize("fault", ["429", "500", "cut_body", "expired_token"])
def test_exports_survive_faults(sandbox: running_sandbox, fault: str) -> None:
    """A file that fails is read again, with a new token if need be; the job lives on."""
    clean = fetched(SPEC, LEAD, EVER)
    sandbox.set_fault(r"/export/[\w-]+/(file|status|enqueue)", fault, times=1, after=1)
    sandbox.set_fault(r"/export/[\w-]+/file", fault, times=1, after=2)
    assert [r[:4] for r in clean] == [r[:4] for r in fetched(SPEC, LEAD, EVER)]


def test_a_subscription_without_export_by_change(sandbox: running_sandbox) -> None:
    """1035: leads are exported by creation then, and no one is missing."""
    clean = {r[:2] for r in fetched(SPEC, LEAD, EVER)}
    sandbox.configure("marketo", has_updated_at=False)
    with connect(SPEC) as marketo:
        again = {r[:2] for page in marketo.fetch(LEAD, EVER) for r in page.records}
        assert "by createdAt" == marketo.notes(LEAD)["bulk"]
    assert clean == again


def test_many_leads_are_asked_for_in_batches(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five ids a call: every lead that changed once, whether made, changed or merged into."""
    clean = _rows(LEAD, WEEK)
    monkeypatch.setattr(client, "LEADS_AT_ONCE", 2)
    with connect(SPEC) as marketo:
        again = [record.record_id for page in marketo.fetch(LEAD, WEEK) for record in page.records]
    assert sorted(clean) == sorted(again)


def test_a_window_ends_before_the_log_does(sandbox: running_sandbox, small_pages: None) -> None:
    """Of a window in the past only its own entries, and reading stops soon after it."""
    window = Window(END - timedelta(days=9), END - timedelta(days=6))
    with connect(SPEC) as marketo:
        before = sum(sandbox.requests.values())
        records = [record for page in marketo.fetch(ACTIVITY, window) for record in page.records]
        asked = sum(sandbox.requests.values()) - before
        everything = [record for page in marketo.fetch(ACTIVITY, Window(window.start, END)) for record in page.records]
    assert records
    assert {r.record_id for r in records} == {r.record_id for r in everything if r.at < window.end}
    assert asked < sum(sandbox.requests.values()) - before - asked


def test_usage_is_what_a_check_tells(sandbox: running_sandbox, settings: Settings) -> None:
    """One cheap call; a wrong secret is told with the variables to look at."""
    assert "API calls used today" in credentials.check(SPEC, settings)


def test_a_token_that_stays_refused_ends(sandbox: running_sandbox) -> None:
    """601 over and over: given up after the tries, and the message says what to check."""
    sandbox.configure("marketo", fail_next=["601"] * 40)
    with pytest.raises(Retriable, match="ABM_MARKETO_CLIENT_ID"):
        fetched(SPEC, ACTIVITY, WEEK)
    sandbox.configure("marketo", fail_next=[])


def test_an_organisations_own_stage_field_is_asked_for(sandbox: running_sandbox) -> None:
    """A field that the instance lacks is refused by name of the option, not silently left out."""
    programme = PROGRAMME.model_copy(update={"sources": {"marketo": {"lifecycle_field": "Lifecycle_Stage__c"}}})
    stream = next(s for s in SPEC.streams(programme) if s.name == "lead_change")
    with connect(SPEC, programme) as marketo, pytest.raises(Permanent, match="lifecycle_field"):
        list(marketo.fetch(stream, WEEK))
