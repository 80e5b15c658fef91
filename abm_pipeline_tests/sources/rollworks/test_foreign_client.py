"""The sandbox read by gql, and our own queries by graphql-core's parser: GraphQL by those who wrote neither."""

from __future__ import annotations

from typing import Any

import pytest

from abm_pipeline.sandbox.rollworks import rest
from abm_pipeline.sandbox.rollworks.rows import ADVERTISABLES
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline_tests.sources.conftest import fetched, stream_of
from abm_pipeline_tests.sources.test_every_stream import WINDOW

gql = pytest.importorskip("gql")
graphql = pytest.importorskip("graphql")
transport = pytest.importorskip("gql.transport.requests")


@pytest.fixture
def client(sandbox: running_sandbox) -> Any:
    """A client with a personal token, and the key in the query string."""
    url = f"{sandbox.url}/rollworks/reporting/api/v1/query?apikey={rest.API_KEY}"
    headers = {"Authorization": f"Token {rest.PERSONAL_TOKEN}"}
    return gql.Client(transport=transport.RequestsHTTPTransport(url=url, headers=headers))


def test_gql_reads_the_sandbox(client: Any) -> None:
    """The first query of the documentation, and an aliased one of account metrics."""
    first = client.execute(
        gql.gql("""
        query MyFirstQuery { advertisable { forUser { eid name
            campaigns { eid name metrics(start: "2026-06-01", end: "2026-07-01") { byDate { date impressions } } } } } }
    """)
    )
    found = first["advertisable"]["forUser"]
    assert [one.eid for one in ADVERTISABLES] == [row["eid"] for row in found]
    campaign = next(row for row in found[0]["campaigns"] if row["metrics"]["byDate"])
    day = campaign["metrics"]["byDate"][0]["date"]
    told = client.execute(
        gql.gql(f"""
        {{ accountMetrics {{ here: summary(start: "{day}", end: "2026-06-30", advertisableEID: "{found[0]["eid"]}",
            campaignEIDs: ["{campaign["eid"]}"]) {{ domain cost impressions clicks }} }} }}
    """)
    )
    assert told["accountMetrics"]["here"]
    assert {"domain", "cost", "impressions", "clicks"} == set(told["accountMetrics"]["here"][0])


def test_gql_takes_a_refused_query_for_an_error(client: Any) -> None:
    """Status 200 and `errors`."""
    from gql.transport.exceptions import TransportQueryError

    with pytest.raises(TransportQueryError, match="Cannot query field"):
        client.execute(gql.gql("{ advertisable { forUser { nothing } } }"))


def test_our_queries_are_graphql(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each stream asks for is parsed by graphql-core."""
    asked: list[str] = []
    monkeypatch.setattr(rest, "read", lambda text, real=rest.read: asked.append(text) or real(text))
    for name in ("advertisable", "campaign", "campaign_day", "account_day"):
        assert fetched(*stream_of("rollworks", name), WINDOW)
    assert len(asked) > 6
    for text in set(asked):
        assert graphql.parse(text).definitions
