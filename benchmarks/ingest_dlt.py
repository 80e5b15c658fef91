"""The same Salesforce records through dlt's `rest_api` source to Parquet files: what the ratio of `ingest` is to.

dlt as it is meant to be fast: resources fetched in parallel, two processes for normalising, no child tables, appended,
`orjson` for JSON. It is not needed for anything else: without it the row says so.
"""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx
import orjson

from abm_pipeline.sandbox import credentials as known
from abm_pipeline.sources.salesforce import SPEC
from benchmarks.queries import soql

SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "DATA_WRITER__FILE_MAX_BYTES": str(64 << 20),
    "NORMALIZE__WORKERS": "2",
    "EXTRACT__WORKERS": str(SPEC.concurrency),
}


def installed() -> str | None:
    """dlt's version; None if it isn't there."""
    try:
        return version("dlt")
    except PackageNotFoundError:
        return None


def through_dlt(url: str) -> int:
    """Every stream once, into a new folder; returns the records loaded."""
    os.environ.update(SETTINGS)
    import dlt
    from dlt.destinations import filesystem
    from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
    from dlt.sources.rest_api import rest_api_source

    class NextRecords(JSONLinkPaginator):
        """Salesforce's link is a path on the instance, which in the sandbox has a path itself."""

        def update_state(self, response: Any, data: Any = None) -> None:
            super().update_state(response, data)
            if self._next_reference:
                self._next_reference = f"{url}/salesforce{self._next_reference.removeprefix('/salesforce')}"

    form = {
        "grant_type": "client_credentials",
        "client_id": known.SALESFORCE_CLIENT_ID,
        "client_secret": known.SALESFORCE_CLIENT_SECRET,
    }
    with httpx.Client(timeout=60) as client:
        answer = client.post(f"{url}/salesforce/services/oauth2/token", data=form)
        token = orjson.loads(answer.content)["access_token"]
        queries = soql(client, url, token)
    config: Any = {
        "client": {
            "base_url": f"{url}/salesforce/services/data/v62.0/",
            "auth": {"type": "bearer", "token": token},
            "paginator": NextRecords(next_url_path="nextRecordsUrl"),
        },
        "resource_defaults": {"write_disposition": "append", "parallelized": True},
        "resources": [
            {"name": stream, "endpoint": {"path": path, "params": {"q": query}, "data_selector": "records"}}
            for stream, (path, query) in queries.items()
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "bench", pipelines_dir=f"{folder}/state", dataset_name="raw", destination=filesystem(f"file://{folder}/out")
        )
        pipeline.run(rest_api_source(config, max_table_nesting=0), loader_file_format="parquet")
        counts = pipeline.last_trace.last_normalize_info.row_counts
    return sum(count for table, count in counts.items() if not table.startswith("_dlt"))
