"""What metrics of attribution share: amounts credited to channels, campaigns and content, as of a day.

Belongs here: the steps from deals and their shares (`metrics.deal_credit`) to amounts and their bootstrap intervals. A
deal is in a window by the day it was created (pipeline) or closed (revenue), with the amount known on the day. A
deal's share never changes with the day, so an amount on a day is a running sum over deals that come into the window,
leave it or change; the work grows with the deals and not with the days.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics import _bootstrap, _deal_shares, _paths
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._credit_models import ENDS, MODELS, set_choices
from abm_pipeline.metrics._deal_shares import DEAL_CREDIT_DAYS, UNATTRIBUTED, WHOLE
from abm_pipeline.metrics._spec import Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

WINDOWS = (DEAL_WINDOW_DAYS, DEAL_CREDIT_DAYS)

CHANNEL_NUMBER = Step(
    "channel_number",
    "Channels, numbered.",
    f"""
    SELECT channel, row_number() OVER (ORDER BY channel) AS channel_no
    FROM (SELECT DISTINCT dimension_value AS channel FROM metrics.deal_credit
          WHERE dimension = 'channel' AND dimension_value <> '{UNATTRIBUTED}')
    """,
)


def in_window(end: str) -> Step:
    """Deals in the windows of the days asked for, by stretches of days with one amount: `span_created`, `span_closed`.

    `units` are ten-thousandths of the reporting currency. Amounts without a rate are left out; the run's notes say how
    many.
    """
    return Step(
        f"span_{end}",
        "Deals created in the window." if end == "created" else "Deals won, by the day they closed, in the window.",
        f"""
        SELECT d.deal_id, w.window_days, CAST(d.amount_reporting * 10000 AS HUGEINT) AS units,
               greatest(d.from_day, d.{end}_day, p.first_day) AS start_day,
               least(d.until_day, d.{end}_day + CAST(w.window_days AS INTEGER) - 1, p.last_day) AS end_day
        FROM deal d, params p, (SELECT unnest({list(WINDOWS)}) AS window_days) w
        WHERE d.amount_reporting IS NOT NULL AND start_day <= end_day {"AND d.is_won" if end == "closed" else ""}
        """,
    )


def credited(end: str) -> Step:
    """`credited_created`, `credited_closed`: day, window_days, dimension, dimension_value, n, total, and each model's
    amount in 10^-16 of the reporting currency; `all` is what was attributed to any touch."""
    columns = [f"{model}_{end}" for model in MODELS]
    return Step(
        f"credited_{end}",
        "Amounts of every channel, campaign and type of content as of each day, as running sums.",
        f"""
        WITH edge AS (
            SELECT deal_id, window_days, start_day AS day, units, 1 AS deals FROM span_{end}
            UNION ALL
            SELECT deal_id, window_days, end_day + 1, -units, -1 FROM span_{end}, params WHERE end_day < last_day
        ),
        change AS (
            SELECT e.window_days, e.day, s.dimension, s.dimension_value,
                   {", ".join(f"sum(e.units * s.share_{model}) AS {model}_{end}" for model in MODELS)}
            FROM edge e JOIN metrics.deal_credit s ON s.deal_id = e.deal_id AND s.ending = '{end}'
            WHERE s.dimension <> 'story' GROUP BY ALL
        ),
        level AS (
            SELECT window_days, dimension, dimension_value, day,
                   {", ".join(f"sum({column}) OVER upto AS {column}" for column in columns)}
            FROM change WINDOW upto AS (PARTITION BY window_days, dimension, dimension_value ORDER BY day)
        ),
        whole AS (
            SELECT window_days, day, sum(sum(units)) OVER upto AS total, sum(sum(deals)) OVER upto AS n
            FROM edge GROUP BY window_days, day WINDOW upto AS (PARTITION BY window_days ORDER BY day)
        ),
        cell AS (
            SELECT d.day, c.* FROM days d
            CROSS JOIN (SELECT DISTINCT window_days, dimension, dimension_value FROM change) c
        )
        SELECT c.day, c.window_days, c.dimension, c.dimension_value, w.n, w.total, l.* EXCLUDE (window_days, dimension,
               dimension_value, day)
        FROM cell c
        ASOF JOIN level l ON l.window_days = c.window_days AND l.dimension = c.dimension
                         AND l.dimension_value = c.dimension_value AND l.day <= c.day
        ASOF JOIN whole w ON w.window_days = c.window_days AND w.day <= c.day
        """,
    )


def resampled(end: str) -> Step:
    """`resampled_created`, `resampled_closed`: day, window_days, and 95 % bootstrap intervals of channels' shares and
    of the agreement of models, as `_bootstrap` returns them."""
    hundredths = ", ".join(
        f"'{model}': round(CAST(s.units * h.share_{model} AS DOUBLE) / {100 * WHOLE})" for model in MODELS
    )
    return Step(
        f"resampled_{end}",
        "Intervals over deals drawn again and again; amounts in whole hundredths.",
        f"""
        WITH numbered AS (
            SELECT *, row_number() OVER (PARTITION BY window_days ORDER BY deal_id, start_day) - 1 AS span_no
            FROM span_{end}
        ),
        deal AS (
            SELECT window_days, list({{
                       'span': span_no, 'seed': md5_number_lower(deal_id), 'total': CAST(units // 100 AS DOUBLE),
                       'first': start_day - DATE '1970-01-01', 'last': end_day - DATE '1970-01-01'
                   }}) AS spans
            FROM numbered GROUP BY window_days
        ),
        earned AS (
            SELECT s.window_days, list({{'span': s.span_no, 'channel': n.channel_no - 1, {hundredths}}}) AS parts
            FROM numbered s JOIN metrics.deal_credit h
              ON h.deal_id = s.deal_id AND h.ending = '{end}' AND h.dimension = 'channel'
            JOIN channel_number n ON n.channel = h.dimension_value GROUP BY s.window_days
        ),
        asked AS (SELECT list(day - DATE '1970-01-01' ORDER BY day) AS days FROM days),
        drawn AS (
            SELECT d.window_days, unnest(resample(d.spans, e.parts, a.days)) AS r
            FROM deal d JOIN earned e USING (window_days) CROSS JOIN asked a
        )
        SELECT DATE '1970-01-01' + CAST(r.day AS INTEGER) AS day, window_days, r.kind, r.a, r.b, r.value, r.low, r.high
        FROM drawn
        """,
        is_local=True,
    )


def _prepare(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    set_choices(con, programme.attribution)
    _bootstrap.register(con, programme.attribution.models)


DEAL_CREDIT = Part(
    "deal_credit",
    prepare=_prepare,
    made_by=(*_paths.STEPS, *_deal_shares.STEPS),
    choices=("attribution",),
    steps=(CHANNEL_NUMBER, *(step(end) for end in ENDS for step in (in_window, credited, resampled))),
    reads=(Input(T.DEAL_CREDIT, DEAL_CREDIT_DAYS),),
)
