"""Who earned the pipeline: credited amounts of the deals created in the window. Definition: metrics.md C.

Deals of all accounts. The parts of a dimension and model add up to the pipeline, `unattributed` included.
"""

from __future__ import annotations

from abm_pipeline.metrics._attributed import attributed

SPEC = attributed(
    "attribution_pipeline",
    "created",
    "Attributed pipeline",
    "Amount of the deals created in the window that a channel, campaign or type of content is credited with, over the "
    "touches before the deal ÷ amount of the deals created in the window.",
    "deals created in the window",
    "A deal of 100 000 after touches by ads, web, event (SQL), web and meeting: the W gives ads, event and meeting "
    "30 000 each and web 10 000, 10 % of the pipeline.",
)
