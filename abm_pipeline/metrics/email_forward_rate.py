"""Mails handed on to others. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "email_forward_rate",
    "E-mail forward rate",
    "E-mails forwarded ÷ e-mails delivered to people of target accounts, of the systems that told of forwards in the "
    "window.",
    "95 mails delivered, 1 forwarded: 1 ÷ 95 = 1.1 %.",
    ("email_forward",),
    ("email_sent",),
    is_asked=True,
)
