"""What the bare loop and dlt ask the Salesforce sandbox for: the objects and fields that the pipeline asks for."""

from __future__ import annotations

import httpx
import orjson

from abm_pipeline.programme import load_programme
from abm_pipeline.sources.salesforce import SPEC
from abm_pipeline.sources.salesforce.contract import OBJECTS


def soql(client: httpx.Client, url: str, token: str) -> dict[str, tuple[str, str]]:
    """Path (`query` or `queryAll`) and query by stream."""
    fields = {stream.name: {field.name for field in stream.fields} for stream in SPEC.streams(load_programme())}
    out = {}
    for stream, item in OBJECTS.items():
        describe = f"{url}/salesforce/services/data/v62.0/sobjects/{item.name}/describe"
        described = orjson.loads(client.get(describe, headers={"Authorization": f"Bearer {token}"}).content)
        columns = sorted({"Id"} | fields[stream] & {field["name"] for field in described["fields"]})
        query = f"SELECT {', '.join(columns)} FROM {item.name} ORDER BY {item.cursor}, Id"
        out[stream] = ("queryAll" if item.with_deleted else "query", query)
    return out
