"""How many meetings take place. Definition: metrics.md B (meetings: outcomes)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "meeting_held_rate",
    "Meetings held",
    "Meetings held ÷ meetings held or not shown up to, with target accounts.",
    "Nine meetings held, one no-show: 90 %.",
    ("meeting",),
    ("meeting", "meeting_no_show"),
)
