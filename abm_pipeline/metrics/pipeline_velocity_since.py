"""Pipeline velocity before and after a campaign began. Definition: metrics.md C (G3).

Velocity of the programme's deals as of D ÷ their velocity as of the day before the campaign's first day. A campaign has
a row (dimension `campaign`) from 90 days to a year after its start, so that neither window reaches across it; `all` is
the latest such campaign. Of several that began on one day none can be told from the others: they share the value. Only
ABM campaigns that say when they began. n is the number of closed deals of the smaller side.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import log_interval
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.metrics._velocity import CLOSED_DEALS, CYCLE, DEALS, PRODUCT, VARIANCE
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

_SPEED = f"{PRODUCT} / nullif({CYCLE}, 0) AS velocity, {CLOSED_DEALS} AS n, {VARIANCE} AS variance"

_ENDS = log_interval("value", "variance")

BEFORE = Part(
    "velocity_before_campaigns",
    once=(
        Step(
            "velocity_before",
            "Velocity of the programme on the day before each first day of campaigns, from the deals as they were.",
            f"""
            WITH start AS (
                SELECT DISTINCT start_day FROM facts.campaign WHERE is_abm AND start_day IS NOT NULL
            ),
            then_known AS (
                SELECT s.start_day, NOT d.is_closed AS is_open, d.is_won,
                       CASE WHEN d.is_won THEN d.amount_reporting END AS amount_won,
                       CASE WHEN d.is_won AND d.closed_day >= d.created_day THEN d.closed_day - d.created_day END
                           AS won_cycle_days
                FROM start s JOIN deal d ON s.start_day - 1 BETWEEN d.from_day AND d.until_day
                WHERE d.program = 'abm' AND (NOT d.is_closed OR
                      d.closed_day BETWEEN s.start_day - {DEAL_WINDOW_DAYS} AND s.start_day - 1)
            )
            SELECT start_day, {_SPEED} FROM then_known GROUP BY start_day
            """,
        ),
    ),
    reads=(Input(T.FACT_CAMPAIGN),),
)

SPEC = MetricSpec(
    id="pipeline_velocity_since",
    title="Pipeline velocity since a campaign",
    formula="ABM pipeline velocity ÷ ABM pipeline velocity on the day before the campaign began.",
    unit="ratio",
    grain="open deals, and deals closed in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("campaign",),
    guides=("G3",),
    statistic="given",
    parts=(BEFORE,),
    example="2 000 per day before the campaign, 2 400 since: 1.2.",
    steps=(
        Step(
            "pipeline_velocity_since",
            "Each day's velocity over that before each campaign of the last year.",
            f"""
            WITH since AS (
                SELECT day, window_days, {_SPEED} FROM {DEALS} WHERE program = 'abm' GROUP BY day, window_days
            ),
            compared AS (
                SELECT s.day, s.window_days, c.campaign_id, c.start_day, s.velocity AS numerator,
                       b.velocity AS denominator, least(s.n, b.n) AS n, numerator / nullif(denominator, 0) AS value,
                       s.variance + b.variance AS variance
                FROM since s JOIN facts.campaign c
                  ON c.is_abm AND c.start_day BETWEEN s.day - 365 AND s.day - {DEAL_WINDOW_DAYS - 1}
                JOIN velocity_before b ON b.start_day = c.start_day
            )
            SELECT day, window_days, 'campaign' AS dimension, campaign_id AS dimension_value, numerator, denominator, n,
                   value, {_ENDS}
            FROM compared
            UNION ALL
            SELECT day, window_days, 'all', 'all', numerator, denominator, n, value, {_ENDS} FROM compared
            QUALIFY row_number() OVER (PARTITION BY day ORDER BY start_day DESC, campaign_id) = 1""",
        ),
    ),
)
