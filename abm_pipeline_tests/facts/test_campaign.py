"""Since when a campaign that differs matters."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh
from abm_pipeline.storage.journal import ALWAYS, ROWS
from abm_pipeline_tests.identity.staged import at, settings_of, stage

DAYS = [date(2025, 1, day) for day in range(1, 11)]


def test_a_campaign_matters_since_its_start_or_first_touch(tmp_path: Path) -> None:
    """Campaign a has a touch on 3 January; b starts on the 8th; c, without start or touch, is new and matters to no
    day. Renaming b matters since the 8th, renaming a since the 3rd; what is new at first matters to all."""
    settings = settings_of(tmp_path, "history_start: 2025-01-01\nreporting_timezone: UTC\n")
    lake = settings.open_lake
    when = at("2025-01-03 10:00")
    click = {"source_id": "1", "touch_type": "ad_click", "channel": "ads", "occurred_at": when, "modified_at": when}
    stage(lake, t.ACTIVITY, [click | {"campaign_source_id": "a", "company_source_id": "x"}], DAYS)

    def known(day: int, **names: str) -> dict[str, date | None]:
        stamp = at(f"2025-01-{day:02}")
        begins = {"b": date(2025, 1, 8)}
        rows = [
            {"source_id": key, "name": name, "start_day": begins.get(key), "modified_at": stamp}
            for key, name in names.items()
        ]
        stage(lake, t.CAMPAIGN, rows)
        refresh(settings, DAYS, "run")
        return dict(lake.changes(t.FACT_CAMPAIGN)[-1].since)

    assert ALWAYS == known(1, a="A", b="B")
    assert {ROWS: None} == known(4, c="C")
    assert {ROWS: date(2025, 1, 8)} == known(5, b="New B")
    assert {ROWS: date(2025, 1, 3)} == known(6, a="New A")
