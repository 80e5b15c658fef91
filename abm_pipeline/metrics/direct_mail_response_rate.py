"""How many letters are answered. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "direct_mail_response_rate",
    "Direct-mail response rate",
    "Responses to direct mail ÷ direct mail sent, at target accounts, both in the window.",
    "40 letters, 3 answered: 7.5 %.",
    ("direct_mail_response",),
    ("direct_mail",),
)
