"""Pages that target accounts looked at. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_count

SPEC = volume_count(
    "page_views",
    "Page views",
    "Pages viewed by target accounts.",
    "A visit of three pages and one of a single page: 4.",
    ("page_view",),
    "pages",
)
