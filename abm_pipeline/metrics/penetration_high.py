"""Buying-committee penetration if committees are as small as they may be. Definition: metrics.md B."""

from __future__ import annotations

from abm_pipeline.metrics._penetration import penetration

SPEC = penetration("penetration_high", "Buying-committee penetration, at most", "committee_low")
