"""A SurveyMonkey client from PyPI reads the sandbox."""

from __future__ import annotations

import pytest
import surveymonkey.client
from surveymonkey.exceptions import AuthorizationError, RateLimitReachedError, ResourceNotFoundError

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.surveymonkey.records import SURVEYS, ident, records
from abm_pipeline.sandbox.surveymonkey.rest import TOKEN


def test_it_reads_surveys_and_responses(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host is a constant, which is put in its place; surveys, details, all pages of responses, and errors."""
    monkeypatch.setattr(surveymonkey.client, "API_URL", f"{sandbox.url}/surveymonkey/v3")
    client = surveymonkey.client.Client(access_token=TOKEN)
    assert [survey.ident for survey in SURVEYS] == [row["id"] for row in client.get_survey_lists()["data"]]
    rating = client.get_survey_details(SURVEYS[0].ident)["pages"][0]["questions"][0]
    assert 11 == len(rating["answers"]["choices"])
    table = records(sandbox.world)
    rows = table.visible(sandbox.world.instant)
    wanted = {ident(int(r)) for r in table.record[rows[table.columns["survey"][rows] == 0]]}
    pages = client.get_all_pages_response(SURVEYS[0].ident, per_page=30)
    assert wanted == {row["id"] for page in pages for row in page["data"]}
    with pytest.raises(ResourceNotFoundError):
        client.get_survey_details("1")
    with pytest.raises(AuthorizationError):
        surveymonkey.client.Client(access_token="wrong").get_survey_lists()
    sandbox.configure("surveymonkey", per_minute=0)
    with pytest.raises(RateLimitReachedError):
        client.get_survey_lists()
