"""How personal the campaigns were that a deal's account was reached by before the deal: what metrics share by level.

Belongs here: the level of a deal. Not here: what reached its account (`_base.DEAL_ORIGIN`), or win rates by level
(`win_rate`).
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_ORIGIN
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step

PERSONALISATION = Part(
    "personalisation",
    kept=(DEAL_ORIGIN,),
    once=(
        Step(
            "deal_personalisation",
            "The most personal level of the campaigns that reached a deal's account up to its creation; deals without "
            "such a campaign have no row.",
            """
            SELECT d.deal_id,
                   arg_max(o.personalisation, list_position(['generic', 'industry', 'account'], o.personalisation))
                       AS personalisation
            FROM deal_version d JOIN deal_origin o ON o.account_id = d.account_id AND o.day = d.created_day
            WHERE o.personalisation IS NOT NULL GROUP BY d.deal_id
            """,
        ),
    ),
)
"""Makes `deal_personalisation` (deal_id, personalisation): it is settled when a deal is created."""
