"""What the UI shows of a table: schema, rows by day, what changed, notes. Dagster's spelling of the contracts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
from dagster import AssetExecutionContext
from dagster._core.events import DagsterEvent, DagsterEventBatchMetadata
from dagster._core.execution.context.metadata_logging import AssetMetadataHandle, OutputMetadataAccumulator

from abm_pipeline.contracts.render import DUCKDB
from abm_pipeline.contracts.tables import Table
from abm_pipeline.storage.report import TableReport


def column_schema(table: Table) -> dg.TableSchema:
    """The contract as Dagster shows it: type, meaning, nullability, and what may stand in the column."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                f.name,
                DUCKDB[f.type].lower(),
                f.about,
                dg.TableColumnConstraints(
                    nullable=f.name not in table.not_null, other=[f"one of {', '.join(f.values)}"] if f.values else []
                ),
                tags={"pii": ""} if f.is_pii else {},
            )
            for f in table.fields()
        ],
        constraints=dg.TableConstraints([f"unique: {', '.join(table.key)}"]),
    )


def same_columns(source: dg.AssetKey, table: Table) -> dg.TableColumnLineage:
    """Lineage of a copy: each column from the one of the same name."""
    return dg.TableColumnLineage({name: [dg.TableColumnDep(source, name)] for name in table.columns})


def stream_table(reports: Sequence[TableReport]) -> dg.MarkdownMetadataValue:
    """One line per stream of a vendor: rows of the days asked for, days whose content changed, notes."""
    lines = ["| stream | rows | days changed | notes |", "|---|---:|---:|---|"]
    for report in reports:
        notes = ", ".join(f"{name} {value}" for name, value in report.notes.items())
        lines.append(f"| {report.table.name} | {sum(report.rows.values())} | {len(report.changed)} | {notes} |")
    return dg.MetadataValue.md("\n".join(lines))


def show(
    context: AssetExecutionContext,
    by_key: Mapping[dg.AssetKey, TableReport],
    latest: Mapping[dg.AssetKey, Mapping[str, Any]],
) -> None:
    """Attach to each asset what its refresh reports, day by day, and tell of days refreshed outside the run's range.

    `latest` goes to the last day of the run only: metadata of a result is copied to every partition of the range,
    and a picture 180 times is 180 pictures.
    """
    in_run = partition_keys(context)
    shown: dict[AssetMetadataHandle, dict[str, Any]] = {}
    for key, report in by_key.items():
        changed = set(report.changed)
        if not report.table.is_daily:
            shown[AssetMetadataHandle(asset_key=key, partition_key=None)] = {
                "dagster/row_count": sum(report.rows.values()),
                "changed": bool(changed),
                **report.notes,
                **latest.get(key, {}),
            }
            continue
        for name in in_run:
            day = date.fromisoformat(name)
            shown[AssetMetadataHandle(asset_key=key, partition_key=name)] = _of_day(report, day, changed)
        if in_run:
            shown[AssetMetadataHandle(asset_key=key, partition_key=in_run[-1])] |= {**report.notes, **latest.get(key, {})}
    # `context.add_asset_metadata(partition_key=…)` copies everything added so far on each call, and lists the range's
    # days: 730 days of 12 tables take it a minute. This is the same entry in one go.
    step = context.get_step_execution_context()
    step._metadata_accumulator = OutputMetadataAccumulator(
        per_output_metadata={**step._metadata_accumulator.per_output_metadata, **shown}
    )
    _tell_of_other_days(context, by_key, set(in_run))


def _of_day(report: TableReport, day: date, changed: Iterable[date | None]) -> dict[str, Any]:
    return {"dagster/partition_row_count": report.rows.get(day, 0), "changed": day in changed}


def _tell_of_other_days(
    context: AssetExecutionContext, by_key: Mapping[dg.AssetKey, TableReport], in_run: set[str]
) -> None:
    """Materialisations of days that a refresh reached beyond the run: late rows, restated days, merged accounts."""
    events = [
        dg.AssetMaterialization(
            key, partition=day.isoformat(), metadata={**_of_day(report, day, report.changed), "beyond_run": True}
        )
        for key, report in by_key.items()
        for day in report.changed
        if day is not None and day.isoformat() not in in_run
    ]
    # Logged as one batch of each asset rather than by `context.log_event`, which stores them one by one.
    step = context.get_step_execution_context()
    for key in by_key:
        own = [event for event in events if event.asset_key == key]
        batch = uuid.uuid4().hex
        for i, event in enumerate(own):
            DagsterEvent.asset_materialization(step, event, DagsterEventBatchMetadata(batch, i == len(own) - 1))


def partition_keys(context: AssetExecutionContext) -> list[str]:
    """Days of the run as partition keys, also in a step of unpartitioned tables; empty if the run has none."""
    tags = context.run.tags
    start = tags.get("dagster/asset_partition_range_start") or tags.get("dagster/partition")
    end = tags.get("dagster/asset_partition_range_end") or start
    if start is None or end is None:
        return []
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    return [date.fromordinal(n).isoformat() for n in range(first.toordinal(), last.toordinal() + 1)]
