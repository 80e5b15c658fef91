"""Demandbase's own SDK reads the sandbox: token, fields, a job to its end, the list of jobs."""

from __future__ import annotations

import httpx
import pytest

from abm_pipeline.sandbox.demandbase.rest import CLIENT_ID, CLIENT_SECRET
from abm_pipeline.sandbox.serve import running_sandbox

sdk = pytest.importorskip("demandbase", reason="demandbase-sdk is not installed")


def test_the_sdk_exports_accounts(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same accounts that the job's files hold, through models that the SDK checks."""
    from demandbase import auth, client
    from demandbase.models.Export import EntityType, JobStatus

    for module in (auth, client):
        monkeypatch.setattr(module, "API_BASE_URL", f"{sandbox.url}/demandbase")
    monkeypatch.setenv("DEMANDBASE_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("DEMANDBASE_CLIENT_SECRET", CLIENT_SECRET)
    with client.DemandbaseClient(timeout=10) as api:
        export = api.data_export_api
        names = [field.name for field in export.get_available_export_fields(entity_type=EntityType.ACCOUNT)]
        job = export.create_export_job(entity_type=EntityType.ACCOUNT, job_name="sdk", fields=names)
        assert JobStatus.ACCEPTED == job.jobStatus
        while job.jobStatus is not JobStatus.FINISHED:
            job = export.check_status_of_export_job(job_id=job.jobId)
        found = export.get_submitted_export_jobs(job_status=JobStatus.FINISHED, per_page=5)
        assert job.jobId in {one.jobId for one in found.data}
    lines = [line for url in job.resultsUrls for line in httpx.get(url).text.splitlines()[1:]]
    accounts = sandbox.world.truth["record_company"].query("source == 'demandbase'")
    assert sorted(accounts["source_id"]) == sorted(line.split(",")[names.index("{Account}.id")] for line in lines)
