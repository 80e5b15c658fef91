"""Accounts that left the ABM list within the window. Definition: metrics.md A.

The tier is the one that the account left.
"""

from __future__ import annotations

from abm_pipeline.metrics._starts import list_change

SPEC = list_change(
    "target_accounts_removed",
    "Target accounts removed",
    "Accounts on the list when the window began that are not on it at the end of the day.",
    "Removed in 30 days: C, 1, of tier 1:many.",
    "Listed then and not now, by the tier then.",
    source="""(SELECT s.* FROM listed_at_start s
                    ANTI JOIN listed l ON l.day = s.day AND l.account_id = s.account_id)""",
    by="tier",
)
