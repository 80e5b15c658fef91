"""Everything Dagster is told, put together for given settings."""

from __future__ import annotations

import warnings
from datetime import timedelta

import dagster as dg

from abm_pipeline.defs import checks, jobs, layers, published, raw, sensors
from abm_pipeline.settings import Settings

# The daily run begins at 06:00; by nine everything has been refreshed since midnight, or someone should know.
FRESHNESS_DEADLINE = "0 9 * * *"
FRESHNESS_WITHIN = timedelta(hours=9)


def build(settings: Settings) -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors. Raises ConfigError for YAML that can't be used."""
    zone = settings.programme.reporting_timezone
    daily = dg.DailyPartitionsDefinition(settings.programme.history_start.isoformat(), timezone=zone)
    all_jobs = jobs.jobs()
    ingest, refresh = all_jobs[0], all_jobs[1]
    fresh = dg.FreshnessPolicy.cron(FRESHNESS_DEADLINE, FRESHNESS_WITHIN, zone)
    definitions = dg.Definitions(
        assets=[*raw.assets(settings, daily), *layers.assets(settings, daily), *published.assets(settings)],
        asset_checks=checks.checks(settings),
        jobs=all_jobs,
        schedules=jobs.schedules(ingest),
        sensors=sensors.sensors(settings, ingest, refresh),
        # A process a step imports everything again, which on two cores costs more than it gains.
        executor=dg.in_process_executor if settings.executor == "in_process" else dg.multiprocess_executor,
    )
    with warnings.catch_warnings():
        # map_asset_specs is in preview; the pinned minor version holds it still.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return definitions.map_asset_specs(
            func=lambda spec: dg.apply_freshness_policy(spec, fresh, overwrite_existing=False)
        )
