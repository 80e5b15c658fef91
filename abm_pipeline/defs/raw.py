"""Raw assets: one a vendor, all its streams inside, so that a vendor that is down fails its own step and no other.

The vendors of a run are pulled side by side, see `_pulls`.
"""

# No `from __future__ import annotations` here: Dagster reads the type of `context` and takes no text for it.
import importlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from abm_pipeline.contracts.tables import QUARANTINE, REFERENCE, Table
from abm_pipeline.defs import _metadata
from abm_pipeline.registry import collect
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.storage.report import TableReport

if TYPE_CHECKING:
    from abm_pipeline.defs._pulls import Pull
    from abm_pipeline.sources.extract import StreamReport


@cache
def specs() -> list[SourceSpec]:
    """Every declared vendor."""
    return collect("abm_pipeline.sources", SourceSpec)


def key_of_vendor(vendor: str) -> dg.AssetKey:
    """`raw/salesforce` …"""
    return dg.AssetKey(["raw", vendor])


def feeders(table: Table) -> list[dg.AssetKey]:
    """Vendors whose mapping makes rows of the staged table; every vendor for the quarantine and the references."""
    of_all = table in (QUARANTINE, REFERENCE)
    return [key_of_vendor(spec.vendor) for spec in specs() if of_all or table in _targets(spec.vendor)]


def _targets(vendor: str) -> set[Table]:
    mapping = importlib.import_module(f"abm_pipeline.sources.{vendor}.mapping").MAPPING
    return {select.table for select in mapping.selects}


def assets(settings: Settings, daily: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """One asset a vendor. A vendor without credentials is off: it succeeds with nothing and says so."""
    return [_vendor_asset(settings, daily, spec) for spec in specs()]


def _vendor_asset(settings: Settings, daily: dg.PartitionsDefinition[str], spec: SourceSpec) -> dg.AssetsDefinition:
    key = key_of_vendor(spec.vendor)
    streams = spec.streams(settings.programme)

    @dg.multi_asset(
        name=_step(spec),
        specs=[
            dg.AssetSpec(
                key,
                partitions_def=daily,
                group_name="raw",
                description=f"{spec.about} Streams: {', '.join(stream.name for stream in streams)}.",
                kinds={"api", "parquet"},
                owners=["team:data-engineering"],
                tags={"layer": "raw", "vendor": spec.vendor},
                metadata={"dagster/column_schema": _metadata.column_schema(spec.table(streams[0]))},
            )
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def vendor_asset(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        from abm_pipeline.defs import _pulls
        from abm_pipeline.sources import credentials

        state = credentials.status(spec)
        off = state.state == "off"
        if off:
            context.log.info(f"{spec.vendor} is off: set {', '.join(state.missing)} to switch it on.")
        reports = (
            []
            if off
            else _reports(
                _pulls.reports(context.run.run_id, spec.vendor, _selected(settings, context), context.log.info)
            )
        )
        shown = {"vendor_is": state.state, "streams": _metadata.stream_table(reports)}
        _metadata.show(context, {key: _together(reports, spec.table(streams[0]))}, {key: shown})
        yield dg.MaterializeResult(asset_key=key)

    return vendor_asset


def _selected(settings: Settings, context: dg.AssetExecutionContext) -> dict[str, "Pull"]:
    """The pulls of all vendors that are on and whose steps this process executes: all of the run's, or this one."""
    from abm_pipeline.sources import credentials
    from abm_pipeline.sources.extract import extract

    days = [date.fromisoformat(name) for name in _metadata.partition_keys(context)]
    steps = context.get_step_execution_context().plan_data.execution_plan.step_keys_to_execute
    chosen = [spec for spec in specs() if _step(spec) in steps and credentials.status(spec).state != "off"]

    def pull(spec: SourceSpec) -> "Pull":
        return lambda note: extract(spec, settings, days, context.run.run_id, on_progress=note)

    return {spec.vendor: pull(spec) for spec in chosen}


def _step(spec: SourceSpec) -> str:
    return f"raw_{spec.vendor}"


def _reports(streams: Sequence["StreamReport"]) -> list[TableReport]:
    return [
        TableReport(
            report.table,
            dict(report.rows.items()),
            tuple(report.changed),
            {"fetched": report.records, "seconds": round(report.seconds, 1), **report.notes},
        )
        for report in streams
    ]


def _together(reports: list[TableReport], table: Table) -> TableReport:
    rows: Counter[date | None] = Counter()
    for report in reports:
        rows.update(report.rows)
    return TableReport(table, rows, sorted({day for report in reports for day in report.changed if day}))
