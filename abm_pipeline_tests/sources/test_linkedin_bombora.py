"""What is LinkedIn's own (slices, versions, restated days, Rest.li) and Bombora's (reports by topic, snapshots)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.bombora import client as bombora
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.linkedin import _restli as restli
from abm_pipeline.sources.linkedin import _slices as slices
from abm_pipeline.sources.linkedin import client as linkedin
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, only, raw_rows, stream_of

LINKEDIN, COMPANY = stream_of("linkedin", "ad_analytics_company")
BOMBORA, INTENT = stream_of("bombora", "intent")
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def test_structure_stays_literal_and_values_are_escaped() -> None:
    """Brackets, commas and colons of the structure as they are; the colons of a urn escaped."""
    assert "List(urn%3Ali%3AsponsoredCampaign%3A1001,2)" == restli.listed(["urn:li:sponsoredCampaign:1001", "2"])
    expected = "(start:(year:2024,month:6,day:1),end:(year:2024,month:6,day:15))"
    assert expected == restli.span(date(2024, 6, 1), date(2024, 6, 15))
    assert "(status:(values:List(ACTIVE,DRAFT)))" == restli.with_status(["ACTIVE", "DRAFT"])


def test_small_slices_give_what_one_answer_gives(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cap of four rows every answer is cut into days, and days into campaigns: the same rows, none lost.

    The tiny world has up to three campaigns a day and account, and more than four companies on most days.
    """
    clean = sorted(fetched(LINKEDIN, COMPANY, JUNE))
    monkeypatch.setattr(slices, "CAP", 4)
    with connect(LINKEDIN) as client:
        cut = sorted(record for page in client.fetch(COMPANY, JUNE) for record in page.records)
    assert [r[:2] for r in clean] == [r[:2] for r in cut]


def test_slices_cover_every_day_once() -> None:
    """2,000 rows a day: eight days would be cut, so four are asked for; every day is covered once, in order."""
    asked: list[tuple[date, date]] = []

    def ask(first: date, last: date) -> tuple[tuple[date, date], int]:
        asked.append((first, last))
        return (first, last), min(2000 * ((last - first).days + 1), slices.CAP)

    def cut(day: date) -> Iterator[tuple[date, date]]:
        raise AssertionError("no day is too large")

    got = list(slices.by_days(date(2026, 1, 1), date(2026, 1, 31), ask, cut))
    covered = [first + timedelta(days=n) for first, last in got for n in range((last - first).days + 1)]
    assert [date(2026, 1, day) for day in range(1, 32)] == covered
    assert (date(2026, 1, 1), date(2026, 1, 8)) == asked[0]
    assert (date(2026, 1, 1), date(2026, 1, 4)) == got[0]


def test_a_campaign_too_large_for_one_day_is_told() -> None:
    """It can't be cut further: the rows that came are kept, and the note says that some may be missing."""
    told: list[int] = []
    pages = list(slices.by_halves(["a", "b"], lambda some: (list(some), slices.CAP), lambda: told.append(1)))
    assert [["a"], ["b"]] == pages
    assert [1, 1] == told


def test_long_queries_are_tunnelled(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that would not fit into a URL goes into the body of a POST: the same rows."""
    clean = fetched(LINKEDIN, COMPANY, JUNE)
    monkeypatch.setattr(linkedin, "TUNNEL_ABOVE", 10)
    before = sandbox.requests.get("POST /linkedin/rest/adAnalytics", 0)
    assert clean == fetched(LINKEDIN, COMPANY, JUNE)
    assert sandbox.requests["POST /linkedin/rest/adAnalytics"] > before


def test_a_version_that_is_gone_says_what_to_set(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP 426: not retried; the message names the variable."""
    monkeypatch.setenv("ABM_LINKEDIN_VERSION", "202001")
    _, accounts = stream_of("linkedin", "ad_account")
    with pytest.raises(Permanent, match=r"HTTP 426.*set ABM_LINKEDIN_VERSION"):
        fetched(LINKEDIN, accounts, JUNE)


def test_restated_days_get_a_newer_capture_and_keep_the_old(sandbox: running_sandbox, settings: Settings) -> None:
    """Three days later the last days read otherwise: both captures stand in the day, and it is reported changed."""
    spec = only(LINKEDIN, "ad_analytics_campaign")
    stream = spec.streams(PROGRAMME)[0]
    first = [UNTIL - timedelta(days=back) for back in (5, 4, 3)]
    sandbox.set_clock(first[-1])
    extract(spec, settings, first, "run")
    before = raw_rows(settings, spec, stream)
    sandbox.set_clock(UNTIL)
    report = extract(spec, settings, [UNTIL], "run")[0]
    after = raw_rows(settings, spec, stream)
    assert set(before) < set(after)
    assert set(report.changed) & set(first)
    assert set(report.changed) <= {*first, UNTIL}
    assert [UNTIL] == list(report.rows)


def test_organisations_are_stored_once(sandbox: running_sandbox, settings: Settings) -> None:
    """A company reached every day is looked up every day, but stored on the first only, as its name stays."""
    spec, organization = stream_of("linkedin", "organization")
    for back in (2, 1, 0):
        extract(only(spec, "organization"), settings, [UNTIL - timedelta(days=back)], "run")
    names = [row[0] for row in raw_rows(settings, spec, organization, "record_id")]
    assert names
    assert len(names) == len(set(names))


def test_topics_are_asked_for_in_reports_of_at_most_fifty(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 topics in reports of five: the same rows, from five reports."""
    clean = sorted(fetched(BOMBORA, INTENT, JUNE))
    monkeypatch.setattr(bombora, "TOPICS_PER_REPORT", 5)
    before = sandbox.requests["POST /bombora/intent/v1/data"]
    cut = sorted(fetched(BOMBORA, INTENT, JUNE))
    assert [r[:2] for r in clean] == [r[:2] for r in cut]
    assert 5 == sandbox.requests["POST /bombora/intent/v1/data"] - before


def test_only_the_programmes_topics_are_asked_for(sandbox: running_sandbox) -> None:
    """Topics named in the programme are the only ones in the answer."""
    topic = fetched(BOMBORA, INTENT, JUNE)[0].record_id.partition("|")[2]
    programme = PROGRAMME.model_copy(update={"bombora_topics": (topic,)})
    with connect(BOMBORA, programme) as client:
        got = {r.record_id.partition("|")[2] for page in client.fetch(INTENT, JUNE) for r in page.records}
    assert {topic} == got


@pytest.mark.parametrize(("ahead", "stored"), [(0, True), (1, True), (2, False), (-1, False)])
def test_a_snapshot_stands_for_today_or_yesterday_only(
    sandbox: running_sandbox, settings: Settings, ahead: int, stored: bool
) -> None:
    """Scores have no date: those of today can't stand for last week, so a backfill stores none and says so."""
    day = UNTIL - timedelta(days=5)
    sandbox.set_clock(day + timedelta(days=ahead))
    report = extract(only(BOMBORA, "intent"), settings, [day], "run")[0]
    assert ([day] if stored else []) == settings.open_lake.days(report.table)
    assert stored == ("not_stored" not in report.notes)
