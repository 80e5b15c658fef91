"""Total addressable market: everybody who might buy × what a customer pays a year. Definition: metrics.md A."""

from __future__ import annotations

from abm_pipeline.metrics._market import market_size

SPEC = market_size(
    "tam",
    "Total addressable market",
    "Potential customers (stated, else accounts known by the end of the day) × average annual contract value (stated, "
    "else the mean new deal won in 365 days). The numerator is the customers.",
    "1 000 accounts known; new deals won in the year 30 000 and 50 000, mean 40 000: 1 000 × 40 000 = 40 000 000.",
    stated="potential_customers",
    is_served=False,
)
