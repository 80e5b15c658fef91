"""Mails opened. Definition: metrics.md B (per channel).

Bounced mails are delivered to nobody; opens by machines are left out where the source tells them.
"""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "email_open_rate",
    "E-mails opened",
    "E-mails opened ÷ e-mails delivered to people of target accounts, of the systems that told of opens in the window. "
    "A mail opened several times in a day counts once; bounced mails are not delivered.",
    "100 mails sent, 5 bounced, 19 opened (one of them four times): 19 ÷ 95 = 20 %. Mails of a CRM that does not see "
    "opens are in neither.",
    ("email_open",),
    ("email_sent",),
    is_asked=True,
)
