"""How many meetings lead on. Definition: metrics.md B (meetings: outcomes)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "meeting_next_step_rate",
    "Meetings with a next step",
    "Meetings held whose outcome names a next step ÷ meetings held, with target accounts.",
    "Nine meetings held, three with the outcome held_-_next_step: 33 %.",
    ("meeting_next_step",),
    ("meeting",),
)
