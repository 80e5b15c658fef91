"""What the UI shows of a table: schema, rows by day, what changed, notes. Dagster's spelling of the contracts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
from dagster import AssetExecutionContext
from dagster._core.events import DagsterEvent, DagsterEventBatchMetadata
from dagster._core.execution.context.metadata_logging import (
    AssetMetadataHandle,
    OutputMetadataAccumulator,
    OutputMetadataHandle,
)

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
    """Attach to each asset of the step what its refresh reports, day by day, and tell of whatever else it changed.

    `latest` goes to the last day of the run only: metadata of a result is copied to every partition of the range,
    and a picture 180 times is 180 pictures.
    """
    in_run = partition_keys(context)
    shown: dict[OutputMetadataHandle | AssetMetadataHandle, Mapping[str, Any]] = {}
    for key, report in by_key.items():
        if key not in context.selected_asset_keys:
            continue
        if not report.table.is_daily:
            whole = {"dagster/row_count": sum(report.rows.values()), "changed": bool(report.changed)}
            shown[AssetMetadataHandle(asset_key=key, partition_key=None)] = {
                **whole,
                **report.notes,
                **latest.get(key, {}),
            }
            continue
        for name in in_run:
            more = {**report.notes, **latest.get(key, {})} if name == in_run[-1] else {}
            handle = AssetMetadataHandle(asset_key=key, partition_key=name)
            shown[handle] = {**_of_day(report, date.fromisoformat(name)), **more}
    # `context.add_asset_metadata(partition_key=…)` copies everything added so far on each call, and lists the range's
    # days: 730 days of 12 tables take it a minute. This is the same entry in one go.
    step = context.get_step_execution_context()
    step._metadata_accumulator = OutputMetadataAccumulator(
        per_output_metadata={**step._metadata_accumulator.per_output_metadata, **shown}
    )
    _tell_of_others(context, by_key, set(in_run))


def _of_day(report: TableReport, day: date) -> dict[str, Any]:
    return {"dagster/partition_row_count": report.rows.get(day, 0), "changed": day in report.changed}


def _tell_of_others(
    context: AssetExecutionContext, by_key: Mapping[dg.AssetKey, TableReport], in_run: set[str]
) -> None:
    """Materialisations of what a refresh changed beyond the run: late rows, restated days, merged accounts."""
    step = context.get_step_execution_context()
    for key, report in by_key.items():
        expected = in_run if key in context.selected_asset_keys else set()
        if not report.table.is_daily:
            expected_whole = key in context.selected_asset_keys
            days: list[date | None] = [None] if report.changed and not expected_whole else []
        else:
            days = [day for day in report.changed if day is not None and day.isoformat() not in expected]
        # Logged as one batch rather than by `context.log_event`, which stores events one by one.
        batch = uuid.uuid4().hex
        for i, day in enumerate(days):
            event = dg.AssetMaterialization(
                key,
                partition=day.isoformat() if day else None,
                metadata={**(_of_day(report, day) if day else report.notes), "beyond_run": True},
            )
            DagsterEvent.asset_materialization(step, event, DagsterEventBatchMetadata(batch, i == len(days) - 1))


def partition_keys(context: AssetExecutionContext) -> list[str]:
    """Days of the run as partition keys, also in a step of unpartitioned tables; empty if the run has none."""
    tags = context.run.tags
    start = tags.get("dagster/asset_partition_range_start") or tags.get("dagster/partition")
    end = tags.get("dagster/asset_partition_range_end") or start
    if start is None or end is None:
        return []
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    return [date.fromordinal(n).isoformat() for n in range(first.toordinal(), last.toordinal() + 1)]
