"""Likes, shares, comments and follows. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_count

SPEC = volume_count(
    "social_engagement",
    "Social engagement",
    "Likes, shares, comments and follows by target accounts; dimension reaction tells them apart (on_ads: reactions to "
    "ads, of which the platform tells no kind by company).",
    "Two likes, a comment and three reactions to an ad: 6.",
    ("social",),
    "reactions",
    reaction="CASE WHEN kind = 'social' THEN split END",
)
