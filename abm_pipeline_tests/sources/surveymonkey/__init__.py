"""SurveyMonkey."""

from abm_pipeline.sources.surveymonkey import client
from abm_pipeline_tests.sources.suite import Suite

SUITE = Suite(
    route=r"/surveymonkey/v3/",
    routes={"survey": r"/surveymonkey/v3/surveys(/[0-9]+/details)?$"},
    small_pages=((client, "SURVEY_PAGE", 2), (client, "RESPONSE_PAGE", 6)),
    paged=(("response", r"/surveymonkey/v3/surveys/[0-9]+/responses/bulk"),),
    broken=("response", r"/surveymonkey/v3/surveys/[0-9]+/responses/bulk", frozenset({"response"})),
    schema=(("response", "date_modified"), ("response", "response_status")),
    wrong="ABM_SURVEYMONKEY_TOKEN",
    is_login=False,
    calm={"per_minute": 1_000_000, "per_day": 10_000_000},
)
