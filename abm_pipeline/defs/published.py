"""What is served: tables in Postgres, and the pages. Unpartitioned, since a publish sends whatever days changed."""

# No `from __future__ import annotations` here: Dagster reads the type of `context` and takes no text for it.
from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.defs import _metadata, _pictures
from abm_pipeline.defs.layers import key_of
from abm_pipeline.settings import Settings

WEEKLY_REVIEW = dg.AssetKey(["reports", "weekly_review"])


def key_of_published(table: Table) -> dg.AssetKey:
    """`published/metric_values` …"""
    return dg.AssetKey(["published", str(table.published)])


def assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The published tables as one multi-asset, and the weekly review."""
    keys = {key_of_published(table): table for table in t.PUBLISHED}

    @dg.multi_asset(
        name="published",
        specs=[
            dg.AssetSpec(
                key,
                deps=[key_of(table)],
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
        for report in warehouse.publish(settings, [keys[key] for key in selected]):
            yield dg.MaterializeResult(
                asset_key=key_of_published(report.table),
                metadata={
                    "rows_sent": sum(report.rows.values()),
                    "partitions_sent": len(report.changed),
                    **report.notes,
                },
            )

    @dg.asset(
        key=WEEKLY_REVIEW,
        deps=[key_of(t.METRIC_VALUES), key_of(t.ACCOUNT_METRICS_DAILY), key_of(t.SCORE_PART), key_of(t.DATA_HEALTH)],
        group_name="reports",
        description="The weekly review: one HTML page that opens without a network.",
        kinds={"html"},
        owners=["team:marketing-operations"],
        tags={"layer": "reports"},
    )
    def weekly_review(context: dg.AssetExecutionContext) -> None:
        from abm_pipeline.reports import weekly

        names = _metadata.partition_keys(context)
        days = [date.fromisoformat(name) for name in names] or settings.open_lake.days(t.METRIC_VALUES)[-1:]
        weekly.refresh(settings, days, context.run.run_id)
        context.add_output_metadata({"page": dg.MetadataValue.url(_pictures.weekly_page(settings))})

    return [published, weekly_review]
