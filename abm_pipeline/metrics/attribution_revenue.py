"""Who earned the revenue: credited amounts of the deals won in the window. Definition: metrics.md C.

Deals of all accounts. The parts of a dimension and model add up to the revenue, `unattributed` included.
"""

from __future__ import annotations

from abm_pipeline.metrics._attributed import attributed

SPEC = attributed(
    "attribution_revenue",
    "closed",
    "Attributed revenue",
    "Amount of the deals won in the window that a channel, campaign or type of content is credited with, over the "
    "touches up to the close ÷ amount of the deals won in the window.",
    "deals won in the window",
    "A deal of 100 000 won after four touches, one of them by ads: linear credits ads with 25 000, 25 % of revenue.",
)
