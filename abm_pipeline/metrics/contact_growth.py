"""Growth of the contacts known within the window. Definition: metrics.md A.

Of the accounts on the list at the end of the day, whether or not they were on it when the window began: how the list
itself changed is target_accounts_added. Pooled; an account that had nobody is in the sums, and has no rate of its own.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.metrics._starts import STARTS, WINDOWS
from abm_pipeline.storage.engine import Step

GROWTH = Part(
    "growth_day",
    needs=(STARTS,),
    steps=(
        Step(
            "contacts_before",
            "Contacts of the accounts of a day when its windows began.",
            """
            SELECT a.day, a.account_id, a.window_days, coalesce(k.contacts_known, 0) AS contacts_then
            FROM (SELECT day, account_id, w.window_days, w.start_day FROM account_day JOIN window_start w USING (day)) a
            ASOF LEFT JOIN people_level k ON k.account_id = a.account_id AND k.from_day <= a.start_day
            """,
        ),
        Step(
            "growth_day",
            "Each account's growth over the longest window; none where nobody was known.",
            f"""
            SELECT day, account_id,
                   CAST(a.contacts_known - b.contacts_then AS DOUBLE) / nullif(b.contacts_then, 0)
                       AS contact_growth_{max(WINDOWS)}d
            FROM account_day a JOIN contacts_before b USING (day, account_id) WHERE b.window_days = {max(WINDOWS)}
            """,
        ),
    ),
    columns=(f"contact_growth_{max(WINDOWS)}d",),
)

SPEC = MetricSpec(
    id="contact_growth",
    title="Growth of contacts known",
    formula="(Contacts of target accounts at the end of the day − those when the window began) ÷ those when it began.",
    unit="share",
    grain="target accounts, pooled",
    window_days=WINDOWS,
    segments=SEGMENTS,
    guides=("G2",),
    statistic="ratio",
    parts=(GROWTH,),
    example="A had 4 contacts 90 days ago and has 6, B had 6 and has 6, C had none and has 1: (13 − 10) ÷ 10 = 30 %.",
    steps=(
        Step(
            "contact_growth",
            "Contacts gained against contacts then, pooled in every segment.",
            by_segment(
                """(SELECT a.*, b.window_days, a.contacts_known - b.contacts_then AS x, b.contacts_then AS y
                    FROM account_day a JOIN contacts_before b USING (day, account_id) WHERE a.is_listed)""",
                "CAST(sum(x) AS BIGINT) AS numerator, CAST(sum(y) AS BIGINT) AS denominator, count(*) AS n, "
                "sum(x * x) AS sum_xx, sum(x * y) AS sum_xy, sum(y * y) AS sum_yy",
            ),
        ),
    ),
)
