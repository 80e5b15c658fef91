"""Calls that somebody answered. Definition: metrics.md B (per channel; meetings and calls)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_count

SPEC = volume_count(
    "calls_answered",
    "Calls answered",
    "Calls with people of target accounts that somebody answered.",
    "Ten calls, two answered, three voicemails: 2.",
    ("call_connected",),
    "calls",
)
