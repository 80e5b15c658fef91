"""Mails that did not arrive: what the other rates leave out."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "email_bounce_rate",
    "E-mail bounce rate",
    "E-mails bounced ÷ e-mails delivered or bounced, to people of target accounts, of the systems that told of bounces "
    "in the window.",
    "95 mails delivered, 5 bounced: 5 ÷ 100 = 5 %.",
    ("email_bounce",),
    ("email_sent", "email_bounce"),
    is_asked=True,
)
