"""Meetings held with target accounts. Definition: metrics.md B.

Several people or systems that tell of one meeting are one.
"""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_count

SPEC = volume_count(
    "meetings",
    "Meetings",
    "Meetings held with target accounts (what begins at an account in the same minute is one). Dimension role: with "
    "whom, a meeting counts for each role present; outcome: held, no_show, and held with a next step agreed.",
    "A meeting of two champions and a decision maker, told by the calendar and by the CRM; another to which nobody "
    "came: 1 held (champion 1, decision_maker 1), 1 no_show.",
    ("meeting",),
    "meetings",
    role="CASE WHEN kind = 'meeting_role' THEN split END",
    outcome="CASE kind WHEN 'meeting' THEN 'held' WHEN 'meeting_no_show' THEN 'no_show' "
    "WHEN 'meeting_next_step' THEN 'next_step' END",
)
