"""Accounts that came on the ABM list within the window. Definition: metrics.md A.

On the list at the start + added − removed = on the list now. Who came and went within the window is in neither.
"""

from __future__ import annotations

from abm_pipeline.metrics._starts import list_change

SPEC = list_change(
    "target_accounts_added",
    "Target accounts added",
    "Accounts on the list at the end of the day that were not on it when the window began.",
    "Added in 30 days: D, 1.",
    "Listed now and not then, by the segments of today.",
    source="""(SELECT w.window_days, a.*
                    FROM account_day a JOIN window_start w USING (day)
                    ANTI JOIN listed_at_start s
                      ON s.day = a.day AND s.window_days = w.window_days AND s.account_id = a.account_id
                    WHERE a.is_listed)""",
    by="tier",
)
