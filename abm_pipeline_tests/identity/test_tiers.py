"""The ABM list over time."""

from __future__ import annotations

from datetime import UTC, date
from pathlib import Path
from typing import Any

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity.refresh import refresh
from abm_pipeline_tests.identity.staged import at, company, read, settings_of, stage

ONE, FEW, MANY = "one_to_one", "one_to_few", "one_to_many"


def history(tmp_path: Path, *versions: dict[str, Any], programme: str = "") -> list[tuple[Any, ...]]:
    """(tier, is_target, valid_from, valid_to) as texts in UTC, by start."""
    settings = settings_of(tmp_path, programme)
    stage(settings.open_lake, t.COMPANY, [{"is_target": row.get("tier") is not None} | row for row in versions])
    refresh(settings, [], "run")
    rows = read(settings.open_lake, t.TIER_HISTORY, "valid_from valid_to tier is_target")
    texts = lambda moment: moment and moment.astimezone(UTC).strftime("%Y-%m-%d %H")  # noqa: E731
    return [(tier, target, texts(start), texts(end)) for start, end, tier, target in rows]


def test_versions_make_stays(tmp_path: Path) -> None:
    """Listed at creation, 1 Jan; moved on 10 Feb (by the stamp); removed on 1 March (as the source says)."""
    found = history(
        tmp_path,
        company("1", domain="a.com", tier=MANY),
        company("1", domain="a.com", tier=FEW, modified_at=at("2025-02-10 15:00")),
        company("1", domain="a.com", modified_at=at("2025-03-02 09:00"), tier_since_day=date(2025, 3, 1)),
    )
    assert [(MANY, True, "2025-01-01 00", "2025-02-10 00"), (FEW, True, "2025-02-10 00", "2025-03-01 00")] == found


def test_first_known_version_holds_from_the_day_the_source_names(tmp_path: Path) -> None:
    """Created in January, first captured in May with `tier_since_day` 3 April: nothing is known before that."""
    found = history(
        tmp_path,
        company("1", domain="a.com", tier=ONE, modified_at=at("2025-05-01"), tier_since_day=date(2025, 4, 3)),
    )
    assert [(ONE, True, "2025-04-03 00", None)] == found


def test_correction_overrules_from_its_start(tmp_path: Path) -> None:
    """Read in March: one_to_many since January; an edit of 5 April says one_to_one since 1 February: both hold."""
    found = history(
        tmp_path,
        company("1", domain="a.com", tier=MANY),
        company("1", domain="a.com", tier=MANY, modified_at=at("2025-03-01")),
        company("1", domain="a.com", tier=ONE, modified_at=at("2025-04-05"), tier_since_day=date(2025, 2, 1)),
    )
    assert [(MANY, True, "2025-01-01 00", "2025-02-01 00"), (ONE, True, "2025-02-01 00", None)] == found


def test_two_records_of_one_account(tmp_path: Path) -> None:
    """1 is one_to_many from January; its twin 2 is one_to_one in February and merged into 1 on 1 March."""
    found = history(
        tmp_path,
        company("1", domain="a.com", tier=MANY),
        company("2", domain="a.com", tier=ONE, created_at=at("2025-02-01")),
        company(
            "2",
            domain="a.com",
            tier=ONE,
            created_at=at("2025-02-01"),
            modified_at=at("2025-03-01 08:00"),
            is_deleted=True,
            merged_into_source_id="1",
        ),
    )
    assert [
        (MANY, True, "2025-01-01 00", "2025-02-01 00"),
        (ONE, True, "2025-02-01 00", "2025-03-01 00"),
        (MANY, True, "2025-03-01 00", None),
    ] == found


def test_days_are_those_of_the_reporting_zone(tmp_path: Path) -> None:
    """Changed on 1 July 23:30 UTC = 2 July in Berlin, which begins at 22:00 UTC of 1 July."""
    found = history(
        tmp_path,
        company("1", domain="a.com"),
        company("1", domain="a.com", tier=FEW, modified_at=at("2025-07-01 23:30")),
        programme="reporting_timezone: Europe/Berlin",
    )
    assert [(FEW, True, "2025-07-01 22", None)] == found


def test_tracked_changes_are_the_history(tmp_path: Path) -> None:
    """Captured once, in June, off the list. Tracked: listed on 1 Feb as one_to_many, moved on 1 April, off on 1 May.

    The other record, listed since its creation, has only a change of tier tracked: its flag is as captured.
    """
    settings = settings_of(tmp_path)
    lake = settings.open_lake
    stage(
        lake,
        t.COMPANY,
        [
            company(
                "1", domain="a.com", modified_at=at("2025-06-01"), is_target=False, tier_since_day=date(2025, 5, 1)
            ),
            company("2", domain="b.com", modified_at=at("2025-06-01"), is_target=True, tier=ONE),
        ],
    )
    changes = [
        ("1", "tier", None, MANY, "2025-02-01 06:00"),
        ("1", "is_target", "false", "true", "2025-02-01 06:00"),
        ("1", "tier", MANY, FEW, "2025-04-01 06:00"),
        ("1", "tier", FEW, None, "2025-05-01 06:00"),
        ("1", "is_target", "true", "false", "2025-05-01 06:00"),
        ("2", "tier", FEW, ONE, "2025-03-01 06:00"),
    ]
    stage(
        lake,
        t.COMPANY_CHANGE,
        [
            {
                "source_id": str(place),
                "company_source_id": record,
                "column": column,
                "value_first": before,
                "value_now": after,
                "entered_at": at(moment),
                "modified_at": at(moment),
            }
            for place, (record, column, before, after, moment) in enumerate(changes)
        ],
    )
    refresh(settings, [], "run")
    rows = read(lake, t.TIER_HISTORY, "valid_from valid_to tier is_target")
    assert [
        (at("2025-01-01"), at("2025-03-01"), FEW, True),
        (at("2025-02-01"), at("2025-04-01"), MANY, True),
        (at("2025-03-01"), None, ONE, True),
        (at("2025-04-01"), at("2025-05-01"), FEW, True),
    ] == rows
