"""Engagements of the target list, by channel. Definition: metrics.md B.

Exposures (a mail sent, an ad shown) are none.
"""

from __future__ import annotations

from dataclasses import replace

from abm_pipeline.metrics._volume import volume_count

SPEC = replace(
    volume_count(
        "channel_engagement",
        "Engagements by channel",
        "Engagements (touches of a type with points in the scoring model) of target accounts; dimension channel, and "
        "activity for the type. Impressions, mails sent and failed attempts are none.",
        "Ten ad impressions, two clicks, one mail sent, one answered, one meeting: 4.",
        ("engagement",),
        "engagements",
        channel="CASE WHEN kind = 'engagement' THEN split_part(split, '/', 1) END",
        activity="CASE WHEN kind = 'engagement' THEN split_part(split, '/', 2) END",
    ),
    rests_on_score=True,
)
