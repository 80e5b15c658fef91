"""What is Zoom's own: page tokens that die, uuids encoded twice, plans, throttling by kind, reports by host and day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Permanent, Skippable
from abm_pipeline.sources._spec import Record, Stream, Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.sources.zoom._answers import path_of
from abm_pipeline_tests.sources.conftest import UNTIL, connect, fetched, only, stream_of

SPEC, PARTICIPANT = stream_of("zoom", "webinar_participant")
REGISTRANT, WEBINAR = stream_of("zoom", "webinar_registrant")[1], stream_of("zoom", "webinar")[1]
MEETING = stream_of("zoom", "meeting_participant")[1]
END = datetime(2026, 7, 1, tzinfo=UTC)
JUNE = Window(END - timedelta(days=30), END)


def _with_notes(stream: Stream, window: Window) -> tuple[list[Record], dict[str, int | float | str]]:
    with connect(SPEC) as zoom:
        records = [record for page in zoom.fetch(stream, window) for record in page.records]
        return records, dict(zoom.notes(stream))


def test_uuids_in_paths() -> None:
    """Encoded once, and a second time where they begin with a slash or have two in a row."""
    assert "m3WqMkvu%2BXyY%3D%3D" == path_of("m3WqMkvu+XyY==")
    assert "ab%2Fc%3D%3D" == path_of("ab/c==")
    assert "%252Fabc%253D%253D" == path_of("/abc==")
    assert "ab%252F%252Fc" == path_of("ab//c")


def test_sessions_with_every_kind_of_uuid_are_read(sandbox: running_sandbox) -> None:
    """None is missing for its uuid: those with a leading slash and those with two in a row are there."""
    records, notes = _with_notes(MEETING, JUNE)
    uuids = {record.record_id.split("|")[0] for record in records}
    assert any(uuid.startswith("/") for uuid in uuids)
    assert any("//" in uuid for uuid in uuids)
    assert "sessions_not_there" not in notes


def test_a_page_token_that_dies_restarts_its_list(sandbox: running_sandbox, small_pages: None) -> None:
    """Tokens live for 15 minutes (here for none): after two restarts it is told; one that dies once costs nothing."""
    sandbox.configure("zoom", page_token_seconds=-1.0)
    with pytest.raises(Permanent, match="page token was refused"):
        fetched(SPEC, stream_of("zoom", "user")[1], JUNE)
    sandbox.configure("zoom", page_token_seconds=900.0)
    clean = {record[:2] for record in fetched(SPEC, PARTICIPANT, JUNE)}
    with connect(SPEC) as zoom:
        pages = zoom.fetch(PARTICIPANT, JUNE)
        again = {record[:2] for record in next(pages).records}
        sandbox.api("zoom").pages.clear()
        again |= {record[:2] for page in pages for record in page.records}
        assert 1 == zoom.notes(PARTICIPANT)["restarts"]
    assert clean == again


def test_per_second_limits_are_waited_for(sandbox: running_sandbox) -> None:
    """429 with X-RateLimit-Type QPS and no Retry-After."""
    clean = fetched(SPEC, PARTICIPANT, JUNE)
    sandbox.configure("zoom", throttle_next=3)
    assert [r[:2] for r in clean] == [r[:2] for r in fetched(SPEC, PARTICIPANT, JUNE)]


def test_a_used_up_day_is_not_waited_for(sandbox: running_sandbox, settings: Settings) -> None:
    """The daily limit's Retry-After is midnight UTC: an hour before it, the run ends with a message."""
    sandbox.configure("zoom", used=10, per_day=10)
    sandbox.set_clock(UNTIL - timedelta(days=1))
    sandbox.api("zoom").world.set_clock(UNTIL)
    with pytest.raises(ExtractError, match="throttled"):
        extract(only(SPEC, "user"), settings, [UNTIL], "run")


def test_users_without_a_webinar_plan_are_passed_over(sandbox: running_sandbox) -> None:
    """One host's plan lacks webinars: the others' come, and a note tells."""
    clean, _ = _with_notes(WEBINAR, JUNE)
    sandbox.configure("zoom", unlicensed=[0])
    records, notes = _with_notes(WEBINAR, JUNE)
    assert 0 < len(records) < len(clean)
    assert 1 == notes["hosts_without_webinars"]


def test_an_account_without_webinars_skips_the_stream(sandbox: running_sandbox, settings: Settings) -> None:
    """No host may hold webinars: nothing fails, and the report says why there is nothing."""
    sandbox.configure("zoom", unlicensed=list(range(99)))
    with pytest.raises(Skippable):
        fetched(SPEC, WEBINAR, JUNE)
    report = extract(only(SPEC, "webinar"), settings, [UNTIL], "run")[0]
    assert "no webinars" in str(report.notes["skipped"])


def test_deleted_webinars_are_passed_over(sandbox: running_sandbox) -> None:
    """404 with 3001: its registrations can't be read any more; a note tells, the others come."""
    clean, _ = _with_notes(REGISTRANT, JUNE)
    ident = int(clean[0].record_id.split("|")[0])
    sandbox.configure("zoom", gone=[ident])
    records, notes = _with_notes(REGISTRANT, JUNE)
    assert 1 == notes["webinars_not_there"]
    assert {r[:2] for r in records} == {r[:2] for r in clean if not r.record_id.startswith(f"{ident}|")}


def test_reports_are_asked_for_as_far_back_as_they_go(sandbox: running_sandbox) -> None:
    """A year's window: the last 180 days, a month at a time, and a note since when."""
    records, notes = _with_notes(PARTICIPANT, Window(END - timedelta(days=365), END))
    assert "2026-01-01" == notes["not_reported_before"]
    days = {record.at for record in records}
    assert min(d for d in days if isinstance(d, date)) >= date(2026, 1, 1)
    assert len(days) > 15


def test_every_day_has_its_own_sessions(sandbox: running_sandbox) -> None:
    """Windows of a day each give together what the month gives at once."""
    whole = {record[:2] for record in fetched(SPEC, MEETING, JUNE)}
    days = [Window(END - timedelta(days=n + 1), END - timedelta(days=n)) for n in range(30)]
    with connect(SPEC) as zoom:
        parts = [record for day in days for page in zoom.fetch(MEETING, day) for record in page.records]
    assert whole == {record[:2] for record in parts}
    assert len(whole) == len(parts)


def test_check_counts_the_users(sandbox: running_sandbox, settings: Settings) -> None:
    """One cheap call."""
    assert credentials.check(SPEC, settings).endswith(" users")
