"""Answers to letters and parcels. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_count

SPEC = volume_count(
    "direct_mail_responses",
    "Direct-mail responses",
    "Responses to direct mail by target accounts.",
    "40 letters, 3 answered: 3.",
    ("direct_mail_response",),
    "responses",
)
