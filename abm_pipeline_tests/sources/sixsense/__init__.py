"""6sense."""

from abm_pipeline_tests.sources.suite import Suite

_SEGMENT, _FULL = r"/sixsense/v1/company/segment/", r"/sixsense/v2/people/full"

SUITE = Suite(
    route=r"/sixsense/v1/company/segment",
    paged=(("segment_account", _SEGMENT), ("score", _FULL)),
    broken=("segment_account", _SEGMENT, frozenset({"segment_account", "score"})),
    schema=(("segment", "name"), ("segment_account", "domain")),
    wrong="ABM_SIXSENSE_SEGMENTS_TOKEN",
    loops=False,
    is_login=False,
    calm={"per_minute": 100_000, "credits": 1_000_000, "has_scores": True},
)
