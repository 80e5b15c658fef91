"""Events and webinars that people of target accounts came to. Definition: metrics.md B (per channel)."""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_count

SPEC = volume_count(
    "events_attended",
    "Events attended",
    "Attendances of events and webinars by people of target accounts; those who only registered are none.",
    "Two people at a fair, one at a webinar, one registered and did not come: 3.",
    ("event_attended", "webinar_attended"),
    "attendances",
    event="CASE kind WHEN 'event_attended' THEN 'event' WHEN 'webinar_attended' THEN 'webinar' END",
)
