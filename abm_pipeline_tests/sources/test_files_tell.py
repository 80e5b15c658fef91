"""What arrives as files is what the sandbox planted: every row once, and people by the hash of their address."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import isnan

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import FIELDS, Field, Type
from abm_pipeline.contracts.tables import Table
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.files._declaration import Column, Declaration
from abm_pipeline.sources.files._values import _typed
from abm_pipeline.sources.segment.client import day_of as segment_day
from abm_pipeline.sources.snowplow.client import day_of as snowplow_day
from abm_pipeline_tests.sources.conftest import SPECS, connect
from abm_pipeline_tests.sources.planted import newest, planted, staged

TOLD: dict[str, tuple[tuple[Table, str, tuple[str, ...], tuple[str, ...]], ...]] = {
    "files": (
        (T.ACTIVITY, "touch", ("source_id", "occurred_at", "touch_type", "contact_source_id"),
         ("source_id", "occurred_at", "touch_type", "contact_id")),
        (T.CONTACT, "contact", ("source_id",), ("contact_id",)),
    ),
    "snowplow": (
        (T.ACTIVITY, "touch", ("source_id", "occurred_at", "touch_type", "contact_source_id"),
         ("source_id", "occurred_at", "touch_type", "contact_id")),
    ),
    "segment": (
        (T.ACTIVITY, "touch", ("source_id", "occurred_at", "touch_type", "contact_source_id"),
         ("source_id", "occurred_at", "touch_type", "contact_id")),
        (T.USAGE_DAY, "usage_day", ("source_id", "usage_on_day", "active_users", "events"),
         ("source_id", "usage_on_day", "active_users", "events")),
        (T.COMPANY, "record_company", ("source_id",), ("source_id",)),
    ),
    "delighted": (
        (T.SURVEY_RESPONSE, "survey_response", ("source_id", "score", "answered_at"),
         ("source_id", "score", "answered_at")),
        (T.CONTACT, "contact", ("source_id",), ("contact_id",)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("vendor", TOLD)
def test_everything_planted_is_staged_and_nothing_else(
    sandbox: running_sandbox, settings: Settings, vendor: str
) -> None:
    """Late events, events delivered twice, programs, corrected answers: the truth, row by row."""
    staged(SPECS[vendor], settings, sandbox.world)
    for table, name, columns, truths in TOLD[vendor]:
        told = planted(sandbox.world, name, vendor, *truths)
        # nothing is NaN once frames of several vendors have been put together
        wanted = {tuple(None if isinstance(value, float) and isnan(value) else value for value in row) for row in told}
        assert wanted == newest(settings, table, *columns), table


def test_who_gave_an_address_takes_the_browser_along(sandbox: running_sandbox, settings: Settings) -> None:
    """Every browser that ever told an address goes into the person of that address; the others are nobody's record."""
    for vendor in ("snowplow", "segment"):
        own = Settings(_env_file=None, home=settings.home / vendor)
        staged(SPECS[vendor], own, sandbox.world)
        merged = newest(own, T.CONTACT, "source_id", "merged_into_source_id", "email_hash")
        people = {source_id for source_id, into, _ in merged if into is None}
        browsers = {source_id: into for source_id, into, hashed in merged if into is not None and hashed is None}
        assert browsers
        assert people >= set(browsers.values())
        assert all(source_id.startswith(("visitor:", "user:")) for source_id in browsers)


def test_late_events_go_to_the_day_they_happened_on(sandbox: running_sandbox) -> None:
    """Asked for three weeks of June, some days later: events that arrived the day after are among them."""
    window = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 22, tzinfo=UTC))
    for vendor in ("snowplow", "segment"):
        (stream,) = SPECS[vendor].streams(Settings(_env_file=None).programme)
        with connect(SPECS[vendor]) as client:
            records = [record for page in client.fetch(stream, window) for record in page.records]
        assert all(record.at < window.end for record in records), vendor
        lags = [datetime.fromisoformat(record.version) - record.at for record in records]
        assert max(lags) > timedelta(hours=12)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("enriched/good/2026-06-30/part-0.tsv.gz", date(2026, 6, 30)),
        ("run=2026-06-30-05-00-00/x.gz", date(2026, 6, 30)),
        ("enriched/x.gz", None),
    ],
)
def test_the_day_of_a_snowplow_file(name: str, day: date | None) -> None:
    """In the name or a folder above it; without one the file is always read."""
    assert day == snowplow_day(name)


def test_the_day_of_a_segment_file() -> None:
    """Midnight in milliseconds, or an ISO day."""
    assert date(2026, 6, 30) == segment_day("segment-logs/abc/1782777600000/1.abc.gz")
    assert date(2026, 6, 30) == segment_day("2026-06-30/a.jsonl")


NUMBER, MONEY, DAY, BOOL = Field("x", Type.INT, ""), FIELDS["amount"], FIELDS["cost_day"], FIELDS["is_target"]


@pytest.mark.parametrize(
    ("field", "options", "said", "read"),
    [
        (MONEY, {}, "1,234.50", "1234.50"),
        (MONEY, {"decimal_comma": True}, "1.234,50", "1234.50"),
        (MONEY, {}, "1 234.5", "1234.5"),
        (MONEY, {}, "1,23", "not_a_number"),
        (MONEY, {}, "NaN", "not_a_number"),
        (NUMBER, {}, "3.0", 3),
        (NUMBER, {}, "3.5", "not_a_whole_number"),
        (NUMBER, {}, True, "not_a_number"),
        (DAY, {}, "2026-06-30", "2026-06-30"),
        (DAY, {"date_format": "%d.%m.%Y"}, "30.06.2026", "2026-06-30"),
        (DAY, {}, "30.06.2026", "not_a_day"),
        (DAY, {}, "2026-06-31", "not_a_day"),
        (BOOL, {}, "Yes", True),
        (BOOL, {}, "maybe", "not_yes_or_no"),
        (FIELDS["occurred_at"], {}, "2026-06-30", "2026-06-30T12:00:00+00:00"),
        (FIELDS["occurred_at"], {}, "2026-06-30T10:00:00+02:00", "2026-06-30T08:00:00+00:00"),
        (FIELDS["occurred_at"], {}, "10 o'clock", "not_an_instant"),
    ],
)
def test_values_as_people_write_them(field: Field, options: dict[str, object], said: object, read: object) -> None:
    """What it is read as, or the rule that it breaks."""
    declaration = Declaration.model_validate(
        {"feeds": "fx_rate", "files": "x", "columns": {"currency": "C", "rate": "R", "start_day": "D"}, **options}
    )
    try:
        found = _typed(declaration, Column(field="x"), field)(said)
    except ValueError as error:
        found = str(error)
    assert read == found
