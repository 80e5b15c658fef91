"""How many calls reach somebody. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "call_answer_rate",
    "Call answer rate",
    "Calls answered ÷ calls made or received, with people of target accounts.",
    "Ten calls, two answered: 20 %.",
    ("call_connected",),
    ("call", "call_connected"),
)
