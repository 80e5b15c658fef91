"""All segments of a metric in one scan: grouping sets, written once.

Belongs here: the list of segments and the SELECT around a metric's aggregates. The pieces put together are constants
of this package, never input.
"""

from __future__ import annotations

SEGMENTS = ("program", "tier", "industry", "region", "employee_band", "owner", "engagement_quintile")
"""Each splits the whole without overlap. `tier` is `none` off the list; what is not known is `unknown`.

`engagement_quintile` is `5` for the highest fifth of the target list on the relevant day, `1` for the lowest and for
every account of it without a score above 0 (so that ties at 0 stay together); off the list it is `unknown`.
"""


COUNTED = "count(*) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n"
"""SQL aggregates of a metric that counts rows."""


def quintile(score: str) -> str:
    """SQL for the engagement quintile from a row `score` of scoring.engagement_score; `unknown` without a percentile.

    Rounded before the ceiling, so that a percentile of exactly 0.8 cannot slip into the fifth quintile.
    """
    return (
        f"CASE WHEN {score}.percentile IS NULL THEN 'unknown' WHEN {score}.score = 0 THEN '1' "
        f"ELSE CAST(CAST(greatest(1, least(5, ceil(round({score}.percentile * 5, 9)))) AS INTEGER) AS VARCHAR) END"
    )


def by_segment(source: str, aggregates: str, segments: tuple[str, ...] = SEGMENTS) -> str:
    """Tidy rows of `aggregates` over the rows of `source` (a relation or a SELECT in parentheses).

    `source` has day, window_days and every segment column, none of them null.
    """
    listed = ", ".join(segments)
    sets = ", ".join(f"(day, window_days, {segment})" for segment in segments)
    names = " ".join(f"WHEN grouping({segment}) = 0 THEN '{segment}'" for segment in segments)
    return f"""
        SELECT day, window_days,
               CASE {names} ELSE 'all' END AS dimension,
               coalesce({listed}, 'all') AS dimension_value,
               {aggregates}
        FROM {source}
        GROUP BY GROUPING SETS ((day, window_days), {sets})"""
