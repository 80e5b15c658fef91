"""What is served: tables in Postgres, and the pages. Unpartitioned, since a publish sends whatever days changed."""

# No `from __future__ import annotations` here: Dagster reads the type of `context` and takes no text for it.
import importlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.defs import _metadata
from abm_pipeline.defs.layers import key_of
from abm_pipeline.settings import Settings
from abm_pipeline.storage import durations


@dataclass(frozen=True)
class Pages:
    """Pages that `abm_pipeline.reports.{module}.refresh(settings, days, run_id)` writes; it returns where."""

    name: str
    module: str
    about: str
    reads: tuple[Table, ...]


REPORTS = (
    Pages(
        "weekly_review",
        "weekly",
        "The weekly review: what changed in seven days, and why.",
        (t.METRIC_VALUES, t.ACCOUNT_METRICS_DAILY, t.SCORE_PART, t.DATA_HEALTH),
    ),
    Pages("review_packs", "packs", "A page for the last whole month and quarter.", (t.METRIC_VALUES,)),
    Pages(
        "account_briefs",
        "briefs",
        "One page for each hot account: score and why, committee, topics, deals, next step.",
        (t.ACCOUNT_METRICS_DAILY, t.SCORE_PART, t.TOUCH, t.INTENT, t.FACT_DEAL, t.CONTACT, t.DEAL),
    ),
    Pages(
        "identity_health",
        "identity_page",
        "How well records find their accounts, what the last runs changed, and the pairs that wait for an answer.",
        (t.MEMBER, t.PERSON, t.WEAK_KEY, t.LINK_REVIEW, t.TOUCH, t.INTENT, t.SPEND, t.ACCOUNT_METRICS_DAILY),
    ),
    Pages(
        "score_prediction",
        "prediction",
        "Does the score predict? The champion and its challengers judged on earlier days.",
        (t.ENGAGEMENT_SCORE, t.SCORE_PART, t.FACT_DEAL),
    ),
    Pages(
        "score_changes",
        "rescored",
        "What the last re-score changed: which rows moved, by how much, whose most, and why.",
        (t.ENGAGEMENT_SCORE, t.SCORE_PART, t.ACCOUNT),
    ),
    Pages("metric_catalogue", "catalogue", "What every metric means, beside its live number.", (t.METRIC_VALUES,)),
)

# Where computing again logs what it changed of numbers that were served before.
RESTATED = (t.METRIC_VALUES, t.ACCOUNT_METRICS_DAILY)


def key_of_published(table: Table) -> dg.AssetKey:
    """`published/metric_values` …"""
    return dg.AssetKey(["published", str(table.published)])


def assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The published tables as one multi-asset, and the pages."""
    keys = {key_of_published(table): table for table in t.PUBLISHED}

    @dg.multi_asset(
        name="published",
        specs=[
            dg.AssetSpec(
                key,
                deps=[key_of(table), *(key_of(told) for told in RESTATED if table == t.RESTATEMENT)],
                group_name="published",
                description=f"{table.about} Served as `abm.{table.published}`.",
                kinds={"postgres"},
                owners=["team:marketing-operations"],
                tags={"layer": "published"},
                metadata={
                    "dagster/column_schema": _metadata.column_schema(table),
                    "dagster/column_lineage": _metadata.same_columns(key_of(table), table),
                    "dagster/table_name": f"abm.{table.published}",
                },
            )
            for key, table in keys.items()
        ],
        can_subset=True,
    )
    def published(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        from abm_pipeline.storage import warehouse

        selected = [key for key in keys if key in context.selected_asset_keys]
        began = time.monotonic()
        for report in warehouse.publish(settings, [keys[key] for key in selected]):
            yield dg.MaterializeResult(
                asset_key=key_of_published(report.table),
                metadata={
                    "rows_sent": sum(report.rows.values()),
                    "partitions_sent": len(report.changed),
                    **report.notes,
                },
            )
        days = len(_metadata.partition_keys(context))
        durations.note(settings.lake_path, "published", days, time.monotonic() - began)

    return [published, *(_report(settings, pages) for pages in REPORTS)]


def _report(settings: Settings, pages: Pages) -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey(["reports", pages.name]),
        deps=[key_of(table) for table in pages.reads],
        group_name="reports",
        description=f"{pages.about} HTML that opens without a network.",
        kinds={"html"},
        owners=["team:marketing-operations"],
        tags={"layer": "reports"},
    )
    def report(context: dg.AssetExecutionContext) -> None:
        refresh = importlib.import_module(f"abm_pipeline.reports.{pages.module}").refresh
        names = _metadata.partition_keys(context)
        days = [date.fromisoformat(name) for name in names] or settings.open_lake.days(t.METRIC_VALUES)[-1:]
        if not days:
            context.log.info("no metrics have been computed yet, so there is nothing to show")
            return
        written = refresh(settings, days, context.run.run_id)
        paths = [written] if isinstance(written, Path) else written
        found = {path.parent.name: dg.MetadataValue.url(path.absolute().as_uri()) for path in paths}
        context.add_output_metadata(found)

    return report
