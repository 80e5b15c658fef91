"""Words for what people do on the web and by mail, for worlds of the metrics' tests."""

from __future__ import annotations

from datetime import timedelta

from abm_pipeline_tests.metrics.world import D, World


def populate_engagement(world: World) -> None:
    """What the full world of the laws lacks: an account with visits of some length, mails of all kinds, meetings."""
    busy = world.account("busy.com", "one_to_few")
    world.person("busy", busy, "champion")
    for back in range(5, 25, 4):
        when = str(D - timedelta(days=back))
        world.touch(busy, when, "web_visit", content_id="/", duration_seconds=40.0)
        for page in ("/", "/pricing"):
            world.touch(busy, when, "page_view", content_id=page)
        for kind in ("email_sent", "email_bounce", "email_open", "email_click", "email_reply", "email_forward"):
            world.touch(busy, when, kind, "busy", campaign_id="crm:mail")
        for kind in ("direct_mail", "direct_mail_response", "meeting", "meeting_no_show", "call", "call_connected"):
            world.touch(busy, when, kind, hour=9 + back % 7)
    world.intent(busy, str(D - timedelta(days=3)), "analytics", score=90.0)
    world.intent(busy, str(D - timedelta(days=4)), "other")
