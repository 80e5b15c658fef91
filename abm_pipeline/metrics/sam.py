"""Serviceable available market: the potential customers that we can serve. Definition: metrics.md A."""

from __future__ import annotations

from abm_pipeline.metrics._market import market_size

SPEC = market_size(
    "sam",
    "Serviceable available market",
    "Serviceable customers (stated, else accounts known that pass the filter of market.yaml: region, industry, "
    "employees, fit) × average annual contract value.",
    "Of 1 000 accounts known, 600 are in a region and of a size that we serve: 600 × 40 000 = 24 000 000.",
    stated="serviceable_customers",
    is_served=True,
)
