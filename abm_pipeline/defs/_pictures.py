"""Pictures in the UI: how scores are distributed, and how the headline metrics went. Small PNGs inside the metadata."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import dagster as dg

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.fields import BANDS
from abm_pipeline.contracts.tables import Table
from abm_pipeline.settings import Settings

TREND_DAYS = 90
BAND_COLOURS = ("#c0392b", "#e67e22", "#5dade2", "#2e6da4", "#b0b0b0")
HEADLINES = ("coverage", "account_penetration", "intent_coverage", "win_rate")

# Some fifty bars, the last with all that is above: a few accounts have many times the score of most.
_SCORES = """
    WITH scored AS (
        SELECT band, score FROM scoring.engagement_score
        WHERE window_days = (SELECT max(window_days) FROM scoring.engagement_score) AND rank IS NOT NULL
          AND model = (SELECT champion FROM params)
    ),
    bar AS (SELECT greatest(1, ceil(quantile_cont(score, 0.99) / 50)) AS width FROM scored)
    SELECT band, least(floor(score / width), 50) * width AS low, low + width AS high, count(*) AS accounts
    FROM scored CROSS JOIN bar
    GROUP BY ALL ORDER BY ALL
"""
_SCORE_TREND = """
    SELECT strftime(day, '%Y-%m-%d') AS day, quantile_cont(score, 0.5) AS median, quantile_cont(score, 0.9) AS top_tenth
    FROM scoring.engagement_score
    WHERE window_days = (SELECT max(window_days) FROM scoring.engagement_score) AND rank IS NOT NULL
      AND model = (SELECT champion FROM params)
    GROUP BY day ORDER BY day
"""
_METRIC_TREND = """
    SELECT strftime(as_of, '%Y-%m-%d') AS day, metric, value
    FROM metrics.metric_values
    WHERE dimension = 'all' AND value IS NOT NULL AND list_contains((SELECT headlines FROM params), metric)
      AND window_days = (SELECT max(window_days) FROM metrics.metric_values AS m WHERE m.metric = metric_values.metric)
    ORDER BY ALL
"""


def of_scores(settings: Settings, day: date) -> Mapping[str, Any]:
    """The champion's scores of target accounts on `day` by band, and their median and top tenth over 90 days."""
    bars = {
        "mark": "bar",
        "encoding": {
            "x": {"field": "low", "type": "quantitative", "bin": {"binned": True}, "title": "score"},
            "x2": {"field": "high"},
            "y": {"field": "accounts", "type": "quantitative", "stack": True, "title": "target accounts"},
            "color": {
                "field": "band",
                "type": "nominal",
                "scale": {"domain": list(BANDS), "range": list(BAND_COLOURS)},
            },
        },
    }
    lines = {
        "transform": [{"fold": ["median", "top_tenth"], "as": ["what", "score"]}],
        "mark": "line",
        "encoding": {
            "x": {"field": "day", "type": "temporal", "title": None},
            "y": {"field": "score", "type": "quantitative"},
            "color": {"field": "what", "type": "nominal", "title": None},
        },
    }
    return {
        "distribution": _picture(settings, t.ENGAGEMENT_SCORE, day, day, _SCORES, bars),
        "trend": _picture(settings, t.ENGAGEMENT_SCORE, day - timedelta(days=TREND_DAYS), day, _SCORE_TREND, lines),
    }


def of_metrics(settings: Settings, day: date) -> Mapping[str, Any]:
    """The headline shares of all accounts over 90 days, and the way to the weekly page."""
    lines = {
        "mark": "line",
        "encoding": {
            "x": {"field": "day", "type": "temporal", "title": None},
            "y": {"field": "value", "type": "quantitative", "axis": {"format": "%"}, "title": None},
            "color": {"field": "metric", "type": "nominal", "title": None},
        },
    }
    trend = _picture(settings, t.METRIC_VALUES, day - timedelta(days=TREND_DAYS), day, _METRIC_TREND, lines)
    return {"trend": trend, "weekly_review": dg.MetadataValue.url(weekly_page(settings))}


def weekly_page(settings: Settings) -> str:
    """Address of the latest weekly review."""
    return (settings.reports_path / "weekly_review" / "latest.html").as_uri()


def _picture(
    settings: Settings, table: Table, start: date, end: date, sql: str, spec: Mapping[str, Any]
) -> dg.MarkdownMetadataValue:
    import vl_convert

    from abm_pipeline.storage.engine import connect

    with connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        settings.open_lake.attach(con, table, start, end)
        con.execute(
            "CREATE TEMP TABLE params AS SELECT ? AS champion, ?::VARCHAR[] AS headlines",
            [settings.programme.champion, list(HEADLINES)],
        )
        result = con.execute(sql)
        names = [column[0] for column in result.description or ()]
        values = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    if not values:
        return dg.MetadataValue.md("nothing to draw yet")
    png = vl_convert.vegalite_to_png({**spec, "data": {"values": values}, "width": 560, "height": 220}, scale=1)
    return dg.MetadataValue.md(f"![{table}](data:image/png;base64,{base64.b64encode(png).decode()})")
