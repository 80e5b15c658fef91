"""What is Calendly's own: no filter by change, invitees event by event, marks without a stamp, limits in headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from abm_pipeline.sandbox.calendly.rest import CalendlyApi
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._spec import Record, Stream, Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline_tests.sources.conftest import UNTIL, connect, fetched, only, stream_of

SPEC, INVITEE = stream_of("calendly", "invitee")
EVENT = stream_of("calendly", "scheduled_event")[1]
END = datetime(2026, 7, 1, tzinfo=UTC)
EVER, WEEK = Window(None, END), Window(END - timedelta(days=7), END)


def _changed(records: list[Record], window: Window) -> set[tuple[str, str]]:
    assert window.start is not None
    return {r[:2] for r in records if isinstance(r.at, datetime) and window.start <= r.at < window.end}


@pytest.mark.parametrize("stream", [EVENT, INVITEE], ids=["event", "invitee"])
@pytest.mark.parametrize("back", [0, 40])
def test_a_window_has_what_changed_in_it(sandbox: running_sandbox, stream: Stream, back: int) -> None:
    """Though only some events are listed again: what everything tells of the week, new or forty days old."""
    assert WEEK.start is not None
    window = Window(WEEK.start - timedelta(days=back), END - timedelta(days=back))
    everything = fetched(SPEC, stream, EVER)
    some = fetched(SPEC, stream, window)
    assert some
    assert _changed(everything, window) == {record[:2] for record in some}


def test_few_events_are_looked_into(sandbox: running_sandbox) -> None:
    """A week's invitees: of the events that changed, began in the last weeks or are booked by several, no others."""
    api: CalendlyApi = sandbox.api("calendly")
    with connect(SPEC) as calendly:
        before = sum(sandbox.requests.values())
        list(calendly.fetch(INVITEE, WEEK))
        asked = sum(sandbox.requests.values()) - before
    assert asked < len(api.rows.events) / 3


def test_somebody_marked_as_missing_has_a_new_stamp(sandbox: running_sandbox) -> None:
    """The mark leaves `updated_at` as it was; its own time is the version then, so that it is news."""
    marked = [r for r in fetched(SPEC, INVITEE, EVER) if orjson.loads(r.payload)["no_show"]]
    assert marked
    for record in marked:
        row = orjson.loads(record.payload)
        assert row["no_show"]["created_at"] == record.version > row["updated_at"]


def test_a_moved_event_is_cancelled_and_booked_anew(sandbox: running_sandbox) -> None:
    """Old and new invitee name each other."""
    rows = {row["uri"]: row for r in fetched(SPEC, INVITEE, EVER) for row in [orjson.loads(r.payload)]}
    moved = [row for row in rows.values() if row["rescheduled"]]
    assert moved
    assert {row["uri"] for row in moved} == {rows[row["new_invitee"]]["old_invitee"] for row in moved}
    assert {"canceled"} == {row["status"] for row in moved}


def test_limits_are_told_in_headers(sandbox: running_sandbox, settings: Settings) -> None:
    """429 with X-RateLimit-Reset: waited for, within bounds."""
    sandbox.configure("calendly", per_minute=0)
    with pytest.raises(ExtractError, match="throttled, 8 times"):
        extract(only(SPEC, "scheduled_event"), settings, [UNTIL], "run")


def test_events_that_are_gone_are_passed_over(sandbox: running_sandbox) -> None:
    """404 for its invitees: the others come, and a note tells."""
    clean = fetched(SPEC, INVITEE, WEEK)
    code = orjson.loads(clean[0].payload)["event"].rpartition("/")[2]
    sandbox.configure("calendly", gone=[code])
    with connect(SPEC) as calendly:
        records = [record for page in calendly.fetch(INVITEE, WEEK) for record in page.records]
        assert 1 == calendly.notes(INVITEE)["events_not_there"]
    assert {r[:2] for r in records} == {r[:2] for r in clean if not orjson.loads(r.payload)["event"].endswith(code)}


def test_another_organisations_events_are_refused(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """403: the token's user must be an admin; the message says so."""
    monkeypatch.setattr("abm_pipeline.sandbox.calendly.rest.ORGANIZATION", "https://api.calendly.com/organizations/X")
    with connect(SPEC) as calendly:
        organization = calendly._organization  # type: ignore[attr-defined]
        monkeypatch.setattr(calendly, "_organization", lambda stream: organization(stream) + "Y")
        with pytest.raises(Permanent, match=r"HTTP 403.*owner or admin"):
            list(calendly.fetch(EVENT, WEEK))


def test_check_names_the_organisation(sandbox: running_sandbox, settings: Settings) -> None:
    """One cheap call."""
    assert credentials.check(SPEC, settings).startswith("organisation ")
