"""Return on a campaign: revenue credited to it against what it cost. Definition: metrics.md C and D.

Revenue of the deals won in the year up to the day, credited to the campaign's touches under each model; cost of the
same year as `facts.cost` has it by campaign: media, receipts, and hours. Without cost there is no return, not an
infinite one. The total is that of all campaigns with a cost, under the headline model.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._credit_models import MODELS
from abm_pipeline.metrics._deal_credit import DEAL_CREDIT
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

YEAR = 365
CAMPAIGN_COST = Part(
    "campaign_cost_year",
    needs=(DEAL_CREDIT,),
    reads=(Input(T.COST, YEAR),),
    steps=(
        Step(
            "campaign_cost",
            "What each campaign cost in the year up to each day, in ten-thousandths, as running sums.",
            f"""
            WITH spent AS (
                SELECT campaign_id, day, CAST(amount_reporting * 10000 AS HUGEINT) AS units
                FROM facts.cost, params
                WHERE campaign_id IS NOT NULL AND amount_reporting IS NOT NULL
                  AND day BETWEEN first_day - {YEAR - 1} AND last_day
            ),
            edge AS (
                SELECT campaign_id, greatest(day, first_day) AS day, units FROM spent, params
                UNION ALL
                SELECT campaign_id, day + {YEAR}, -units FROM spent, params WHERE day + {YEAR} <= last_day
            ),
            level AS (
                SELECT campaign_id, day, sum(sum(units)) OVER (PARTITION BY campaign_id ORDER BY day) AS units
                FROM edge GROUP BY campaign_id, day
            )
            SELECT d.day, c.campaign_id, l.units
            FROM days d CROSS JOIN (SELECT DISTINCT campaign_id FROM edge) c
            ASOF JOIN level l ON l.campaign_id = c.campaign_id AND l.day <= d.day
            """,
        ),
    ),
)
_AMOUNT = f"CASE m.model {' '.join(f'WHEN {model!r} THEN c.{model}_closed' for model in MODELS)} END"
SPEC = MetricSpec(
    id="campaign_roi",
    title="Campaign ROI",
    formula="(Revenue credited to the campaign − cost of the campaign) ÷ cost of the campaign, in a year, under each "
    "attribution model; the total is all campaigns with a cost, under the headline model.",
    unit="share",
    grain="deals won in the window",
    window_days=(YEAR,),
    segments=("model", "campaign"),
    guides=("G2",),
    statistic="ratio",
    parts=(CAMPAIGN_COST,),
    example="A webinar that cost 5 000 is credited with 20 000 by the W: (20 000 − 5 000) ÷ 5 000 = 300 %.",
    steps=(
        Step(
            "campaign_roi",
            "Credited revenue less cost, over cost: of each campaign and model, and of all campaigns with a cost.",
            f"""
            WITH model AS (SELECT unnest({list(MODELS)}) AS model),
            earned AS (
                SELECT c.day, m.model, c.dimension_value AS campaign_id, {_AMOUNT} AS amount
                FROM credited_closed c CROSS JOIN model m
                WHERE c.window_days = {YEAR} AND c.dimension = 'campaign'
                  AND c.dimension_value NOT IN ('none', 'unattributed')
            ),
            asked AS (
                SELECT model FROM attribution_model UNION SELECT headline FROM attribution_choice
            ),
            spent AS (SELECT k.day, k.campaign_id, k.units, a.model FROM campaign_cost k CROSS JOIN asked a),
            both_sides AS (
                SELECT day, campaign_id, model, coalesce(e.amount, 0) AS amount, coalesce(s.units, 0) AS units
                FROM (SELECT * FROM earned SEMI JOIN asked USING (model) WHERE amount > 0) e
                FULL JOIN (SELECT * FROM spent WHERE units > 0) s USING (day, campaign_id, model)
            ),
            won AS (
                SELECT day, any_value(n) AS n FROM credited_closed WHERE window_days = {YEAR} GROUP BY day
            ),
            told AS (
                SELECT day, 'campaign' AS dimension, model || '/' || campaign_id AS dimension_value, amount, units
                FROM both_sides
                UNION ALL
                SELECT day, 'model', model, sum(amount), sum(units) FROM both_sides WHERE units > 0 GROUP BY day, model
                UNION ALL
                SELECT day, 'all', 'all', sum(amount), sum(units)
                FROM both_sides WHERE units > 0 AND model = (SELECT headline FROM attribution_choice) GROUP BY day
            )
            SELECT t.day, {YEAR} AS window_days, t.dimension, t.dimension_value,
                   round(CAST(t.amount - CAST(t.units AS HUGEINT) * 1000000000000 AS DOUBLE) / 1e16, 4) AS numerator,
                   CAST(t.units AS DOUBLE) / 1e4 AS denominator, coalesce(w.n, 0) AS n
            FROM told t LEFT JOIN won w USING (day)
            """,
        ),
    ),
)
