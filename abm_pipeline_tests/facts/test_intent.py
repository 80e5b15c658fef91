"""Intent as the provider last told it by a day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh
from abm_pipeline_tests.identity.staged import read, settings_of, span, stage

D = span("2025-03-01", 20)


def signal(day: date, topic: str, score: float, **values: Any) -> dict[str, Any]:
    """A signal about acme.com in the snapshot of a day."""
    known = {"source": "bombora", "source_id": f"acme.com:{topic}", "company_source_id": "acme.com"}
    return known | {"day": day, "signal_day": day, "topic": topic, "score": score} | values


def test_snapshot_is_carried_for_a_week_and_superseded_whole(tmp_path: Path) -> None:
    """Day 1: CRM 70, ABM 80. Day 5: only ABM 90. So CRM ends with day 4, and ABM stands at 90 until day 11."""
    settings = settings_of(tmp_path)
    rows = [signal(D[0], "CRM", 70), signal(D[0], "ABM", 80), signal(D[4], "ABM", 90)]
    stage(settings.open_lake, t.INTENT_SIGNAL, rows)
    refresh(settings, D[:14], "run", [t.INTENT])
    expected = [(day, "bombora:acme.com", "CRM", 70.0) for day in D[:4]]
    expected += [(day, "bombora:acme.com", "ABM", 80.0) for day in D[:4]]
    expected += [(day, "bombora:acme.com", "ABM", 90.0) for day in D[4:11]]
    assert sorted(expected, key=str) == read(settings.open_lake, t.INTENT, "day company_key topic score")


def test_snapshot_fetched_again_counts_as_fetched_last(tmp_path: Path) -> None:
    """The week ending on day 1 is fetched on days 3 and 4, without CRM on day 4: CRM was a mistake on every day."""
    settings = settings_of(tmp_path)
    rows = [signal(D[2], "CRM", 70, signal_day=D[0]), signal(D[2], "ABM", 80, signal_day=D[0])]
    stage(settings.open_lake, t.INTENT_SIGNAL, rows)
    refresh(settings, D[:3], "run", [t.INTENT])
    stage(settings.open_lake, t.INTENT_SIGNAL, [signal(D[3], "ABM", 80, signal_day=D[0])])
    (report,) = refresh(settings, [D[3]], "run", [t.INTENT])
    assert set(D[:4]) == set(report.rows)
    assert [(day, "ABM") for day in D[:4]] == read(settings.open_lake, t.INTENT, "day topic")


def test_bare_domain_is_a_key(tmp_path: Path) -> None:
    """A signal without a company record is about the domain; one about nobody is left out."""
    settings = settings_of(tmp_path)
    rows = [
        signal(D[0], "CRM", 70, company_source_id=None, domain="acme.com"),
        signal(D[0], "ABM", 70, company_source_id=None, domain=None),
    ]
    stage(settings.open_lake, t.INTENT_SIGNAL, rows)
    refresh(settings, D[:1], "run", [t.INTENT])
    assert [("domain:acme.com", "CRM")] == read(settings.open_lake, t.INTENT, "company_key topic")


def test_an_observation_holds_for_a_week(tmp_path: Path) -> None:
    """A visit on day 0 counts until day 6, beside the snapshot of another source; a newer one takes its place.

    G2: pricing on day 0 (score 40), again on day 2 (70); compare on day 1 (50). On day 3: pricing 70, compare 50.
    """
    settings = settings_of(tmp_path)
    seen = {"source": "g2", "is_snapshot": False}
    rows = [
        signal(D[0], "pricing", 40, **seen),
        signal(D[2], "pricing", 70, source_id="later", **seen),
        signal(D[1], "compare", 50, **seen),
        signal(D[1], "ABM", 80),
    ]
    stage(settings.open_lake, t.INTENT_SIGNAL, rows, D)
    refresh(settings, [D[0], D[3], D[0] + timedelta(days=8)], "run", [t.INTENT])
    rows = read(settings.open_lake, t.INTENT, "day source topic score")
    assert [(D[0], "g2", "pricing", 40.0)] == [row for row in rows if row[0] == D[0]]
    assert [
        (D[3], "bombora", "ABM", 80.0), (D[3], "g2", "compare", 50.0), (D[3], "g2", "pricing", 70.0)
    ] == sorted(row for row in rows if row[0] == D[3])  # fmt: skip
    assert [(D[0] + timedelta(days=8), "g2", "pricing", 70.0)] == [
        row for row in rows if row[0] == D[0] + timedelta(days=8)
    ]
