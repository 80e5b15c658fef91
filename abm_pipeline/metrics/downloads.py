"""Content that target accounts took. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_count

SPEC = volume_count(
    "downloads",
    "Downloads",
    "Pieces of content downloaded by people of target accounts.",
    "A guide downloaded by two people, a case study by one: 3.",
    ("content_download",),
    "downloads",
)
