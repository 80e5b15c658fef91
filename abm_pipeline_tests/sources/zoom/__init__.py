"""Zoom."""

from abm_pipeline.sources.zoom import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/zoom/v2/",
    routes={
        "user": r"/zoom/v2/users$",
        "webinar": r"/zoom/v2/users/[^/]+/webinars",
        "webinar_registrant": r"/zoom/v2/webinars/\d+/registrants",
        "webinar_participant": r"/zoom/v2/report/webinars/",
        "webinar_absentee": r"/zoom/v2/past_webinars/",
        "meeting_participant": r"/zoom/v2/report/meetings/",
    },
    small_pages=((client, "PAGE_ROWS", 2),),
    paged=(("user", r"/zoom/v2/users$"),),
    broken=("meeting_participant", r"/zoom/v2/report/meetings/", frozenset({"meeting_participant"})),
    schema=(
        ("meeting_participant", "join_time"), ("meeting_participant", "user_email"), ("webinar_registrant", "id"),
        ("webinar_absentee", "create_time"), ("webinar", "topic"),
    ),
    wrong="ABM_ZOOM_CLIENT_SECRET",
    calm={
        "token_seconds": 3600.0, "page_token_seconds": 900.0, "per_day": 10_000_000, "throttle_next": 0, "used": 0,
        "gone": [], "unlicensed": [],
    },
)  # fmt: skip
