"""The catalogue as a table: what every metric means, in words that people read.

Belongs here: finding the metrics, and the rows of `metric_definitions` made of their SPECs and the programme.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from abm_pipeline.metrics._spec import MetricSpec, choose
from abm_pipeline.programme import Band, ConfigError, Programme
from abm_pipeline.registry import collect
from abm_pipeline.scoring.model import ScoringModel


def metric_specs(programme: Programme | None = None) -> list[MetricSpec]:
    """Every metric, by id; in the definition that the programme chooses, if one is given.

    Raises ConfigError when it chooses a metric or preset that there is not.
    """
    specs = {spec.id: spec for spec in collect("abm_pipeline.metrics", MetricSpec)}
    for metric, preset in (programme.presets if programme else {}).items():
        if metric not in specs:
            raise ConfigError(f"programme.yaml: presets.{metric}: there is no such metric")
        if preset not in specs[metric].presets:
            known = ", ".join(sorted(specs[metric].presets)) or "none"
            raise ConfigError(f"programme.yaml: presets.{metric}: {preset!r} is no preset of it; known are {known}")
        specs[metric] = specs[metric].presets[preset]
    chosen = (choose(spec, programme) for spec in specs.values()) if programme else specs.values()
    return sorted(chosen, key=lambda spec: spec.id)


def set_definitions(con: duckdb.DuckDBPyConnection, programme: Programme, model: ScoringModel) -> None:
    """Make the relation `definition` with the rows of `metric_definitions`."""
    rows = [
        {
            "metric": spec.id,
            "metric_title": spec.title,
            "formula": spec.formula,
            "unit": f"{programme.reporting_currency} per day"
            if spec.unit == "money per day"
            else programme.reporting_currency
            if spec.unit == "money"
            else spec.unit,
            "grain": spec.grain,
            "window": _windows(spec.window_days or model.windows),
            "segments": ",".join(("all", *spec.segments)),
            "benchmark": "; ".join(
                band_in_words(key, band) for key, band in programme.benchmarks.get(spec.id, {}).items()
            ),
            "guides": ",".join(spec.guides),
            "definition_version": spec.definition_version,
            "is_current": True,
        }
        for spec in metric_specs(programme)
    ]
    con.register("definition", pa.Table.from_pylist(rows))


def _windows(days: tuple[int, ...]) -> str:
    return "as of the day" if days == (1,) else " and ".join(f"{each} days" for each in days)


def band_in_words(key: str, band: Band) -> str:
    """A benchmark and the segment that it is for."""
    if band.high is None:
        return f"{key}: at least {band.low:g}"
    if band.low is None:
        return f"{key}: at most {band.high:g}"
    return f"{key}: {band.low:g} to {band.high:g}"
