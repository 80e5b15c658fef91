"""Calendly."""

from abm_pipeline.sources.calendly import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/calendly/scheduled_events",
    routes={"scheduled_event": r"/calendly/scheduled_events$", "invitee": r"/calendly/scheduled_events/\w+/invitees"},
    small_pages=((client, "PAGE_ROWS", 7),),
    paged=(("scheduled_event", r"/calendly/scheduled_events$"),),
    broken=("invitee", r"/calendly/scheduled_events/\w+/invitees", frozenset({"invitee"})),
    schema=(
        ("scheduled_event", "uri"), ("scheduled_event", "start_time"), ("scheduled_event", "updated_at"),
        ("invitee", "email"), ("invitee", "updated_at"), ("invitee", "event"),
    ),
    wrong="ABM_CALENDLY_TOKEN",
    is_login=False,
    calm={"per_minute": 10_000_000, "gone": []},
)  # fmt: skip
