"""The compute layers as assets: one step a layer, which calls its `refresh` and reports on every table.

Belongs here: which tables a layer makes, and how it looks in the UI. What is read from where is in `_graph`.
"""

# No `from __future__ import annotations` here: Dagster reads the type of `context` and takes no text for it.
import importlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.defs import _metadata, _pictures
from abm_pipeline.defs._graph import READS
from abm_pipeline.defs.raw import feeders
from abm_pipeline.settings import Settings
from abm_pipeline.storage import durations
from abm_pipeline.storage.engine import ON_SPARK
from abm_pipeline.storage.report import TableReport

Refresh = Callable[[Settings, Sequence[date], str], list[TableReport]]
# What the latest day of a table is shown with, beside counts and notes.
Pictures = Callable[[Settings, date], Mapping[str, Any]]


@dataclass(frozen=True)
class Layer:
    """A layer's tables, made in one step by `abm_pipeline.{name}.refresh.refresh(settings, days, run_id)`."""

    name: str
    about: str
    tables: tuple[Table, ...]
    owner: str
    kinds: frozenset[str] = frozenset({"duckdb", "parquet"})
    pictures: Mapping[Table, Pictures] = field(default_factory=dict)


def _of(*layers: str) -> tuple[Table, ...]:
    """Tables of the layers, each after those of them that it reads: Dagster takes them in no other order."""
    tables = [table for table in t.TABLES.values() if table.layer in layers]
    reads = {table: [source for source in READS.get(table, ()) if source in tables] for table in tables}
    return tuple(TopologicalSorter(reads).static_order())


LAYERS = (
    Layer("staging", "typed and checked records", _of("staged", "quarantine"), "team:data-engineering"),
    Layer("identity", "which account a record belongs to", _of("identity"), "team:data-engineering"),
    Layer("facts", "what happened", _of("facts"), "team:data-engineering"),
    Layer(
        "scoring",
        "scores under every model",
        _of("scoring"),
        "team:marketing-operations",
        pictures={t.ENGAGEMENT_SCORE: _pictures.of_scores},
    ),
    Layer(
        "metrics",
        "the metric catalogue",
        _of("metrics"),
        "team:marketing-operations",
        pictures={t.METRIC_VALUES: _pictures.of_metrics},
    ),
)


def key_of(table: Table) -> dg.AssetKey:
    """`staged/company`, `facts/touch` …"""
    return dg.AssetKey([table.layer, table.name])


def assets(settings: Settings, daily: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """One multi-asset a layer; its tables can be materialised apart, in which case only they are reported."""
    return [_layer_asset(settings, daily, layer) for layer in LAYERS]


def _layer_asset(settings: Settings, daily: dg.PartitionsDefinition[str], layer: Layer) -> dg.AssetsDefinition:
    keys = {key_of(table): table for table in layer.tables}

    @dg.multi_asset(
        name=layer.name,
        specs=[_spec(settings, daily, layer, table) for table in layer.tables],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        description=f"{layer.about[0].upper()}{layer.about[1:]}: {', '.join(table.name for table in layer.tables)}.",
    )
    def layer_asset(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        refresh: Refresh = importlib.import_module(f"abm_pipeline.{layer.name}.refresh").refresh
        days = [date.fromisoformat(key) for key in _metadata.partition_keys(context)]
        began = time.monotonic()
        reports = {key_of(report.table): report for report in refresh(settings, days, context.run.run_id)}
        if settings.engine == "spark":
            ran_on = {"engine": "spark" if layer.name in ON_SPARK else "duckdb (no step of the layer runs on spark)"}
            reports = {key: replace(report, notes={**report.notes, **ran_on}) for key, report in reports.items()}
        computed = max((_computed(report) for report in reports.values()), default=0)
        durations.note(settings.lake_path, layer.name, computed, time.monotonic() - began)
        selected = [key for key in keys if key in context.selected_asset_keys]
        latest = {key: _latest(settings, layer, keys[key], days) for key in selected}
        _metadata.show(context, reports, latest)
        for key in selected:
            yield dg.MaterializeResult(asset_key=key)

    return layer_asset


def _computed(report: TableReport) -> int:
    """How many days it took work to report on; a scoring refresh says itself, for it skips what stands."""
    return int(report.notes.get("days_scored", len(report.rows)))


def _latest(settings: Settings, layer: Layer, table: Table, days: Sequence[date]) -> dict[str, Any]:
    """What the last day of a run is shown with: lineage, and pictures of what is there by then."""
    from abm_pipeline.defs import _lineage

    lineage = _lineage.of_layer(settings, layer.name).get(table)
    shown: dict[str, Any] = {} if lineage is None else {"dagster/column_lineage": lineage}
    if table in layer.pictures and days:
        shown.update(layer.pictures[table](settings, days[-1]))
    return shown


def _spec(settings: Settings, daily: dg.PartitionsDefinition[str], layer: Layer, table: Table) -> dg.AssetSpec:
    deps: list[dg.AssetKey] = [key_of(source) for source in READS.get(table, ())]
    if layer.name == "staging" and table != t.RESTATEMENT:
        deps = feeders(table)
    return dg.AssetSpec(
        key_of(table),
        deps=deps,
        partitions_def=daily if table.is_daily else None,
        group_name=table.layer if table.layer != "quarantine" else "staged",
        description=table.about,
        kinds=set(layer.kinds),
        owners=[layer.owner],
        tags={"layer": table.layer, **({"served": ""} if table.published else {})},
        code_version=_code_version(settings, table),
        metadata={
            "dagster/column_schema": _metadata.column_schema(table),
            "dagster/table_name": str(table),
            "dagster/uri": settings.open_lake.folder(table).as_uri(),
        },
    )


def _code_version(settings: Settings, table: Table) -> str | None:
    """The champion's version where its scores stand; a label in the UI, not a cache key."""
    if table.layer != "scoring":
        return None
    from abm_pipeline.scoring.model import load_models

    return load_models(settings.config)[settings.programme.champion].model_version
