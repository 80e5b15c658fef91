"""Target accounts whose tier changed within the window. Definition: metrics.md A.

Dimension tier_move says from which tier to which (`one_to_few>one_to_one`). Moved and moved back is no move.
"""

from __future__ import annotations

from abm_pipeline.metrics._starts import list_change

SPEC = list_change(
    "target_tier_moves",
    "Tier moves",
    "Accounts on the list both when the window began and at the end of the day, in another tier.",
    "Moved in 30 days: B, one_to_few>one_to_one, 1.",
    "Listed then and now in two tiers.",
    source="""(SELECT s.* EXCLUDE (tier), s.tier || '>' || l.tier AS tier_move
                    FROM listed_at_start s JOIN listed l ON l.day = s.day AND l.account_id = s.account_id
                    WHERE l.tier <> s.tier)""",
    by="tier_move",
)
