"""People in the lead funnel: what mql, sql, sales_velocity and lead_conversion share.

A person enters a stage once: on the first day that any of their records, in any system, does. Segments are those of the
person's account on that day. The account is the employer of that day, as identity knows it; the company that the record
names today only where identity knows no person.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

LEAD_WINDOWS = (30, 90)
"""Trailing windows of the counts of qualified leads."""

LEAD_SEGMENTS = ("program", "tier", "industry", "region", "employee_band")
"""Segments of a person's account on the day of entry."""

_NAMES = " ".join(f"WHEN grouping({segment}) = 0 THEN '{segment}'" for segment in LEAD_SEGMENTS)
_SETS = ", ".join(f"(entered_day, stage, {segment})" for segment in LEAD_SEGMENTS)

LEADS = Part(
    "leads",
    once=(
        Step(
            "lead_day",
            "Each person's first day in each stage of the funnel, with the account then.",
            """
            WITH entry AS (
                SELECT coalesce(r.person_id, l.contact_key) AS person_id, l.stage, l.entered_at,
                       CAST(timezone(p.reporting_timezone, l.entered_at) AS DATE) AS entered_day,
                       coalesce(r.account_id, c.account_id) AS account_id
                FROM facts.lead_stage l CROSS JOIN params p
                LEFT JOIN company_unit c ON c.company_key = l.company_key
                LEFT JOIN person_at r ON r.contact_key = l.contact_key
                 AND CAST(timezone(p.reporting_timezone, l.entered_at) AS DATE) BETWEEN r.from_day AND r.until_day
            )
            SELECT person_id, stage, min(entered_day) AS entered_day,
                   arg_min(account_id, (entered_at, account_id)) AS account_id
            FROM entry GROUP BY person_id, stage
            """,
        ),
        Step(
            "lead_cell",
            "How many people entered a stage on a day, in every segment.",
            f"""
            WITH tier_then AS (
                SELECT a.account_id, a.entered_day, arg_min(l.tier, l.tier_rank) AS tier
                FROM (SELECT DISTINCT account_id, entered_day FROM lead_day) a JOIN listed_span l
                  ON l.account_id = a.account_id AND a.entered_day BETWEEN l.from_day AND l.until_day
                GROUP BY ALL
            ),
            segmented AS (
                SELECT e.entered_day, e.stage, CASE WHEN t.tier IS NULL THEN 'non_abm' ELSE 'abm' END AS program,
                       coalesce(t.tier, 'none') AS tier, coalesce(f.industry, 'unknown') AS industry,
                       coalesce(f.region, 'unknown') AS region, coalesce(f.employee_band, 'unknown') AS employee_band
                FROM lead_day e
                LEFT JOIN tier_then t USING (account_id, entered_day)
                LEFT JOIN firm f USING (account_id)
            )
            SELECT entered_day, stage, CASE {_NAMES} ELSE 'all' END AS dimension,
                   coalesce({", ".join(LEAD_SEGMENTS)}, 'all') AS dimension_value, count(*) AS people
            FROM segmented GROUP BY GROUPING SETS ((entered_day, stage), {_SETS})
            """,
        ),
    ),
    steps=(
        Step(
            "lead_count",
            "People who entered a stage in the windows up to each day, in every segment; summed over days, not people.",
            f"""
            SELECT d.day, w.window_days, c.stage, c.dimension, c.dimension_value,
                   CAST(sum(c.people) AS BIGINT) AS people
            FROM days d CROSS JOIN (SELECT unnest({list(LEAD_WINDOWS)}) AS window_days) w
            JOIN lead_cell c ON c.entered_day BETWEEN d.day - w.window_days + 1 AND d.day
            GROUP BY ALL
            """,
        ),
    ),
    reads=(Input(T.LEAD_STAGE),),
)
"""Makes `lead_day` (person, stage, day, account) and `lead_count` (tidy counts of entries)."""


def qualified(stage: str, by: str) -> MetricSpec:
    """The SPEC of the people who entered a stage of the funnel; it has the stage's name."""
    return MetricSpec(
        id=stage,
        title=f"{by.capitalize()}-qualified leads",
        formula=f"People whose first day as a {by}-qualified lead is in the window.",
        unit="people",
        grain="people",
        window_days=LEAD_WINDOWS,
        segments=LEAD_SEGMENTS,
        guides=("G5", "G1"),
        statistic="count",
        parts=(LEADS,),
        example="Qualified on 2 May in one system and on 9 May in another: one person, on 2 May.",
        steps=(
            Step(
                stage,
                f"People who became {stage} in the window, in every segment.",
                f"""
        SELECT day, window_days, dimension, dimension_value, people AS numerator,
               CAST(NULL AS BIGINT) AS denominator, people AS n
        FROM lead_count WHERE stage = '{stage}'""",
            ),
        ),
    )
