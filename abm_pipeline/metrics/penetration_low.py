"""Buying-committee penetration if committees are as large as they may be. Definition: metrics.md B."""

from __future__ import annotations

from abm_pipeline.metrics._penetration import penetration

SPEC = penetration("penetration_low", "Buying-committee penetration, at least", "committee_high")
