"""Serviceable obtainable market: the share of the serviceable one that can be won. Definition: metrics.md A."""

from __future__ import annotations

from abm_pipeline.metrics._market import market_size

SPEC = market_size(
    "som",
    "Serviceable obtainable market",
    "Serviceable available market × obtainable share (market.yaml). The numerator is the serviceable customers.",
    "600 serviceable accounts × 40 000 × 10 % = 2 400 000.",
    stated="serviceable_customers",
    is_served=True,
    share="m.obtainable_share",
)
