"""G2."""

from abm_pipeline.sources.g2 import client
from abm_pipeline_tests.sources.suite import Suite

_INTENT, _REVIEWS = r"/g2/api/v2/products/[^/]+/buyer_intent", r"/g2/api/v2/products/[^/]+/reviews"

SUITE = Suite(
    route=r"/g2/api/",
    routes={"buyer_intent": _INTENT, "review": _REVIEWS, "removed_review": _REVIEWS},
    small_pages=((client, "PAGE_SIZE", 5),),
    paged=(("review", _REVIEWS), ("removed_review", _REVIEWS)),
    broken=("buyer_intent", _INTENT, frozenset({"buyer_intent"})),
    schema=(("buyer_intent", "attributes.company_id"), ("review", "attributes.star_rating")),
    wrong="ABM_G2_API_TOKEN",
    is_login=False,
    calm={"per_second": 100_000, "has_reviews": True},
)
