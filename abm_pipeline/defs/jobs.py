"""Jobs and schedules. Ingest and refresh are two runs, so that what is there is computed when a vendor is down."""

from __future__ import annotations

import dagster as dg

INGEST, REFRESH, RESCORE = "ingest", "refresh", "rescore"
REFRESH_GROUPS = ("staged", "identity", "facts", "scoring", "metrics", "published", "reports")
RESCORE_GROUPS = ("scoring", "metrics", "published", "reports")


def jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """Fetch; compute all that follows; score history again and what reads it."""
    return [
        dg.define_asset_job(
            INGEST,
            dg.AssetSelection.groups("raw"),
            description="Ask every vendor for the days.",
            tags={"abm/ingest": "true"},
        ),
        dg.define_asset_job(
            REFRESH,
            dg.AssetSelection.groups(*REFRESH_GROUPS),
            description="From what is in raw to what is published, for the days and all that their changes reach.",
        ),
        dg.define_asset_job(
            RESCORE,
            dg.AssetSelection.groups(*RESCORE_GROUPS),
            description="Score again and recompute what reads scores; requested when a scoring model changes.",
            tags={"abm/rescore": "true"},
        ),
    ]


def schedules(
    ingest: dg.UnresolvedAssetJobDefinition,
) -> list[dg.ScheduleDefinition | dg.UnresolvedPartitionedAssetScheduleDefinition]:
    """Every morning at six, in the reporting zone, yesterday; the refresh follows when that run ended."""
    return [
        dg.build_schedule_from_partitioned_job(
            ingest,
            name="daily",
            hour_of_day=6,
            description="Yesterday, at 06:00 in the reporting zone.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ]
