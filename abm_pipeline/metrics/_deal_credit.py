"""What metrics of attribution share: every deal's credit by channel, campaign and content, and how its path began.

Belongs here: the steps from the shares of touches (`_paths`) to shares of deals, and from those to amounts as of a day.
A deal is in a window by the day it was created (pipeline) or closed (revenue), with the amount known on the day. A
deal's share never changes with the day, so an amount on a day is a running sum over deals that come into the window,
leave it or change; the work grows with the deals and not with the days.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics import _bootstrap, _paths
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._credit_models import ENDS, MODELS, set_choices
from abm_pipeline.metrics._spec import EVER, Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

WINDOWS = (DEAL_WINDOW_DAYS, 365)
UNATTRIBUTED = "unattributed"
DIMENSIONS = ("channel", "campaign", "content_type")
RECENT_DAYS = 60
"""An engagement so shortly before a deal was created makes it influenced."""

_COLUMNS = [f"{model}_{end}" for end in ENDS for model in MODELS]
_WHOLE = 10**12

DEAL_SHARE = Step(
    "deal_share",
    "What part of a deal each channel, campaign and type of content earned, in 10^-12; all of it `unattributed` for a "
    "path without touches.",
    f"""
    WITH named AS (
        SELECT * EXCLUDE (campaign_id, content_type), coalesce(campaign_id, 'none') AS campaign,
               coalesce(content_type, 'none') AS content_type
        FROM touch_share
    ),
    split AS (
        SELECT deal_no,
               CASE WHEN grouping(channel) = 0 THEN 'channel' WHEN grouping(campaign) = 0 THEN 'campaign'
                    ELSE 'content_type' END AS dimension,
               coalesce(channel, campaign, content_type) AS dimension_value,
               {", ".join(f"CAST(sum(CAST(round({c} * {_WHOLE}) AS BIGINT)) AS BIGINT) AS {c}" for c in _COLUMNS)}
        FROM named GROUP BY GROUPING SETS ((deal_no, channel), (deal_no, campaign), (deal_no, content_type))
    ),
    -- Nothing before the deal: its pipeline is unattributed, even if touches up to its close share its revenue.
    unmet AS (
        SELECT d.deal_no, unnest({list(DIMENSIONS)}) AS dimension, '{UNATTRIBUTED}' AS dimension_value,
               {
        ", ".join(
            f"CASE WHEN coalesce(s.n_{end}, 0) = 0 THEN {_WHOLE} ELSE 0 END AS {model}_{end}"
            for end in ENDS
            for model in MODELS
        )
    }
        FROM credited_deal d LEFT JOIN deal_span s USING (deal_no) WHERE coalesce(s.n_created, 0) = 0
    )
    SELECT * FROM split UNION ALL BY NAME SELECT * FROM unmet
    """,
)
DEAL_STORY = Step(
    "deal_story",
    "How a deal's path began and went on: whether marketing's touch was the first, when marketing first touched it "
    "once it was open, and what makes it influenced.",
    f"""
    WITH helped AS (
        SELECT d.deal_no, t.day AS helped_day
        FROM credited_deal d
        ASOF JOIN (SELECT account_no, occurred_at, day FROM engagement WHERE is_marketing) t
          ON t.account_no = d.account_no AND d.created_at < t.occurred_at
        WHERE t.day <= coalesce(d.closed_day, DATE '9999-12-31')
    )
    SELECT d.deal_id, any_value(h.helped_day) AS helped_day,
           coalesce(arg_min(p.is_marketing, p.position) FILTER (p.is_before), false) AS is_sourced,
           count(p.position) >= 3 AS has_three_engagements,
           coalesce(bool_or(p.is_before AND p.day >= d.created_day - {RECENT_DAYS}), false) AS has_recent_engagement,
           coalesce(bool_or(p.touch_type IN ('event_attended', 'webinar_attended') AND m.is_abm), false)
               AS has_abm_event
    FROM credited_deal d LEFT JOIN helped h USING (deal_no) LEFT JOIN path p USING (deal_no)
    LEFT JOIN facts.campaign m ON m.campaign_id = p.campaign_id
    GROUP BY d.deal_id
    """,
)
RELEASED = (
    Step("engagement", "Done with: its memory is needed.", "SELECT * FROM engagement LIMIT 0"),
    Step("path", "Done with: its memory is needed.", "SELECT * FROM path LIMIT 0"),
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
        SELECT c.deal_no, w.window_days, CAST(d.amount_reporting * 10000 AS HUGEINT) AS units,
               greatest(d.from_day, d.{end}_day, p.first_day) AS start_day,
               least(d.until_day, d.{end}_day + CAST(w.window_days AS INTEGER) - 1, p.last_day) AS end_day
        FROM deal d JOIN credited_deal c USING (deal_id), params p, (SELECT unnest({list(WINDOWS)}) AS window_days) w
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
            SELECT deal_no, window_days, start_day AS day, units, 1 AS deals FROM span_{end}
            UNION ALL
            SELECT deal_no, window_days, end_day + 1, -units, -1 FROM span_{end}, params WHERE end_day < last_day
        ),
        change AS (
            SELECT e.window_days, e.day, s.dimension, s.dimension_value,
                   {", ".join(f"sum(e.units * s.{column}) AS {column}" for column in columns)}
            FROM edge e JOIN deal_share s USING (deal_no) GROUP BY ALL
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
        f"list(CAST((s.units * h.{model}_{end} + {50 * _WHOLE}) // {100 * _WHOLE} AS DOUBLE) "
        f"ORDER BY s.span_no, n.channel_no) AS {model}"
        for model in MODELS
    )
    return Step(
        f"resampled_{end}",
        "Intervals over deals drawn again and again; amounts in whole hundredths.",
        f"""
        WITH numbered AS (
            SELECT *, row_number() OVER (ORDER BY window_days, deal_no, start_day) - 1 AS span_no FROM span_{end}
        ),
        deal AS (
            SELECT s.window_days, list(md5_number_lower(c.deal_id) ORDER BY s.span_no) AS seeds,
                   list(s.start_day - DATE '1970-01-01' ORDER BY s.span_no) AS first_days,
                   list(s.end_day - DATE '1970-01-01' ORDER BY s.span_no) AS last_days,
                   list(CAST(s.units // 100 AS DOUBLE) ORDER BY s.span_no) AS totals, min(s.span_no) AS base
            FROM numbered s JOIN credited_deal c USING (deal_no) GROUP BY s.window_days
        ),
        earned AS (
            SELECT s.window_days, list(s.span_no ORDER BY s.span_no, n.channel_no) AS spans,
                   list(n.channel_no - 1 ORDER BY s.span_no, n.channel_no) AS channels,
                   {hundredths}
            FROM numbered s JOIN deal_share h ON h.deal_no = s.deal_no AND h.dimension = 'channel'
            JOIN channel_number n ON n.channel = h.dimension_value GROUP BY s.window_days
        ),
        asked AS (SELECT list(day - DATE '1970-01-01' ORDER BY day) AS days FROM days),
        drawn AS (
            SELECT d.window_days, unnest(resample(d.seeds, d.first_days, d.last_days, d.totals,
                       [x - d.base for x in e.spans], e.channels, {", ".join(f"e.{m}" for m in MODELS)}, a.days)) AS r
            FROM deal d JOIN earned e USING (window_days) CROSS JOIN asked a
        )
        SELECT DATE '1970-01-01' + CAST(r.day AS INTEGER) AS day, window_days, r.kind, r.a, r.b, r.value, r.low, r.high
        FROM drawn
        """,
    )


def _prepare(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    set_choices(con, programme.attribution)
    _bootstrap.register(con, programme.attribution.models)


DEAL_CREDIT = Part(
    "deal_credit",
    prepare=_prepare,
    once=(*_paths.STEPS, DEAL_SHARE, DEAL_STORY, *RELEASED),
    steps=tuple(step(end) for end in ENDS for step in (in_window, credited, resampled)),
    reads=(Input(T.TOUCH, EVER), Input(T.LEAD_STAGE), Input(T.FACT_CAMPAIGN)),
)
