"""Which days a changed scoring model still has to score: a pure decision for the sensor that requests the backfill.

Belongs here: reading what is there and saying what is missing. Asking Dagster for a run is for `defs`.
"""

from __future__ import annotations

from datetime import date

from abm_pipeline.contracts import tables as T
from abm_pipeline.scoring.model import load_models
from abm_pipeline.settings import Settings


def missing_days(settings: Settings) -> dict[str, list[date]]:
    """For each model, the days that some model version has been scored for and its present version has not.

    Days before the model's `valid_from` are not missing. A model that misses nothing has an empty list. Raises
    ConfigError for a model that can't be used.
    """
    lake = settings.open_lake
    known = lake.days(T.ENGAGEMENT_SCORE)
    missing: dict[str, list[date]] = {}
    for name, model in load_models(settings.config).items():
        # Parts are written last: a day has them, or was not finished.
        done = {*lake.days(T.SCORE_PART, part=model.file_part)}
        missing[name] = [day for day in known if day not in done and day >= (model.valid_from or day)]
    return missing
