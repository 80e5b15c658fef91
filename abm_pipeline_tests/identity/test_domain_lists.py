"""The lists of domains that say nothing about a company, as they come with the pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm_pipeline.programme import load_programme
from abm_pipeline.staging.domains import registrable_domain
from abm_pipeline_tests.identity.files import resolved, row, together


def test_lists_hold_registrable_domains_once() -> None:
    """An entry in capitals, a host below a registrable domain, or one that stands twice would never be looked up."""
    programme = load_programme()
    listed = [*programme.free_mail_domains, *programme.shared_domains]
    assert len(set(listed)) == len(listed)
    assert [] == [domain for domain in listed if registrable_domain(domain) not in (domain, None)]


@pytest.mark.parametrize(
    "column", [{"website": "https://harbour.wixsite.com/home"}, {"domain": "wp.pl"}, {"website": "www.facebook.com/x"}]
)
def test_listed_domains_join_nobody(tmp_path: Path, column: dict[str, str]) -> None:
    """Two companies of unlike names whose only site is a page of one host, or a mailbox of one provider: two."""
    rows = [row("crm:1", "Miller Bakery", **column), row("crm:2", None, **column)]
    assert [{"crm:1"}, {"crm:2"}] == together(resolved(tmp_path, rows)[0])
