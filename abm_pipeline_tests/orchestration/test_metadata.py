"""What the UI is told of a run over a range: each day its own, and days beyond the range."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from abm_pipeline.contracts import tables as t
from abm_pipeline.defs import _metadata
from abm_pipeline.storage.report import TableReport

DAILY = dg.DailyPartitionsDefinition("2026-06-01")
TOUCH, DEAL = dg.AssetKey(["facts", "touch"]), dg.AssetKey(["facts", "deal"])
D1, D2, D3 = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)
REPORTS = {
    TOUCH: TableReport(t.TOUCH, {D1: 7, D2: 5, D3: 0}, (D1, D2), {"unconverted": 1}),
    DEAL: TableReport(t.FACT_DEAL, {None: 4}, (None,)),
}


def materialisations(tags: dict[str, str], selected: list[dg.AssetKey]) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Key, partition and metadata of everything that a run of the two facts logs."""

    @dg.multi_asset(
        specs=[dg.AssetSpec(TOUCH, partitions_def=DAILY), dg.AssetSpec(DEAL)],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def facts(context) -> Iterator[dg.MaterializeResult]:
        _metadata.show(context, REPORTS, {TOUCH: {"picture": "of the last day"}})
        for key in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(asset_key=key)

    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([facts], selection=selected, instance=instance, tags=tags)
        found = []
        for key in (TOUCH, DEAL):
            for record in instance.fetch_materializations(key, limit=100, ascending=True).records:
                event = record.asset_materialization
                assert event is not None
                found.append(
                    (key.path[-1], event.partition, {name: value.value for name, value in event.metadata.items()})
                )
    return sorted(found, key=str)


def test_each_day_shows_its_own_rows_and_the_last_one_the_rest() -> None:
    """1 and 2 June: 7 and 5 rows; notes and picture on the 2nd only."""
    tags = {"dagster/asset_partition_range_start": "2026-06-01", "dagster/asset_partition_range_end": "2026-06-02"}
    assert [
        ("deal", None, {"dagster/row_count": 4, "changed": True}),
        ("touch", "2026-06-01", {"dagster/partition_row_count": 7, "changed": True}),
        (
            "touch",
            "2026-06-02",
            {"dagster/partition_row_count": 5, "changed": True, "unconverted": 1, "picture": "of the last day"},
        ),
    ] == materialisations(tags, [TOUCH, DEAL])


def test_a_day_changed_beyond_the_run_and_a_table_not_selected_are_told_of() -> None:
    """A run of 3 June alone, touches only: 1 and 2 June changed too (a late edit), and so did the deals."""
    assert [
        ("deal", None, {"beyond_run": True}),
        ("touch", "2026-06-01", {"dagster/partition_row_count": 7, "changed": True, "beyond_run": True}),
        ("touch", "2026-06-02", {"dagster/partition_row_count": 5, "changed": True, "beyond_run": True}),
        (
            "touch",
            "2026-06-03",
            {"dagster/partition_row_count": 0, "changed": False, "unconverted": 1, "picture": "of the last day"},
        ),
    ] == materialisations({"dagster/partition": "2026-06-03"}, [TOUCH])
