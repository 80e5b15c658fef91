"""Account-based marketing metrics, from vendors' APIs to published numbers.

    sources ─▶ raw ─▶ staged ─▶ identity ─▶ facts ─▶ scoring ─▶ metrics ─▶ reports
    vendors    as     typed,    which       what     versioned   the        Postgres,
    (httpx)    sent   checked   account     happened models      catalogue  pages, alerts

An arrow is the only direction in which data and imports go.
"""
