"""The list as it was at the start of a window: what cohorts and changes of the list are counted from.

Belongs here: the part that says who was on the list at the end of day `D − W`, where a window of W days begins.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import COUNTED, by_segment
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step

WINDOWS = (30, 90)
"""A month and a quarter: the windows of what is counted over a stretch of days."""

CHANGE_SEGMENTS = ("industry", "region", "employee_band", "owner")

STARTS = Part(
    "starts",
    steps=(
        Step(
            "window_start",
            "Each day and window, and the day at whose end the window begins.",
            f"SELECT day, w.window_days, day - w.window_days AS start_day FROM days, "
            f"(VALUES {', '.join(f'({each})' for each in WINDOWS)}) w(window_days)",
        ),
        Step(
            "listed_at_start",
            "Accounts on the list at the start of each window, with the tier then and the segments of the account.",
            """
            WITH start_list AS (
                SELECT s.start_day, l.account_id, arg_min(l.tier, l.tier_rank) AS tier
                FROM (SELECT DISTINCT start_day FROM window_start) s
                JOIN listed_span l ON s.start_day BETWEEN l.from_day AND l.until_day
                GROUP BY ALL
            )
            SELECT w.day, w.window_days, w.start_day, l.account_id, f.account_no, l.tier, f.industry, f.region,
                   f.employee_band, f.owner
            FROM window_start w JOIN start_list l USING (start_day) JOIN firm f USING (account_id)
            """,
        ),
    ),
)


def list_change(
    identifier: str, title: str, formula: str, example: str, about: str, *, source: str, by: str
) -> MetricSpec:
    """The SPEC that counts the rows of `source`: accounts with what changed; `by` is the dimension beside the rest, and
    `example` what comes of the common one."""
    segments = (by, *CHANGE_SEGMENTS)
    return MetricSpec(
        id=identifier,
        title=title,
        formula=formula,
        unit="accounts",
        grain="account list as of a day",
        window_days=WINDOWS,
        segments=segments,
        guides=("G1", "G3"),
        statistic="count",
        parts=(STARTS,),
        example="On the list on 31 May: A (1:1), B (1:few), C (1:many). On 30 June: A (1:1), B (1:1), D (1:many). "
        + example,
        steps=(Step(identifier, about, by_segment(source, COUNTED, segments)),),
    )
