"""RollWorks (AdRoll ABM)."""

from abm_pipeline_tests.sources.suite import Suite

_QUERY = r"/rollworks/reporting/"

SUITE = Suite(
    route=_QUERY,
    # Everything comes from one path, and nothing has pages.
    paged=(),
    loops=False,
    broken=("account_day", _QUERY, frozenset({"advertisable", "campaign", "campaign_day", "account_day"})),
    schema=(
        ("advertisable", "eid"),
        ("advertisable", "name"),
        ("campaign", "status"),
        ("campaign_day", "clicks"),
        ("account_day", "cost"),
    ),
    wrong="ABM_ROLLWORKS_TOKEN",
    is_login=False,
    calm={"daily_requests": 10_000_000, "partial_answers": 0, "token_seconds": 3600.0},
)
