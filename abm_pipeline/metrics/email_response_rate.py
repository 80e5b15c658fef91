"""Mails answered. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "email_response_rate",
    "E-mail response rate",
    "E-mails answered ÷ e-mails delivered to people of target accounts, of the systems that told of answers in the "
    "window.",
    "95 mails delivered, 3 answered: 3 ÷ 95 = 3.2 %.",
    ("email_reply",),
    ("email_sent",),
    is_asked=True,
)
