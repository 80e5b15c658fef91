"""Clicks of those who opened. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "email_click_to_open_rate",
    "Click-to-open rate",
    "E-mails clicked ÷ e-mails opened by people of target accounts, of the systems that told of both in the window.",
    "19 mails opened, 4 clicked (one three times in a day): 4 ÷ 19 = 21 %.",
    ("email_click",),
    ("email_open",),
    is_asked=True,
)
