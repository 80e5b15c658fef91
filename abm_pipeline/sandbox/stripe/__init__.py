"""Stripe: customers, subscriptions, invoices, and the events of the last 30 days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from abm_pipeline.sandbox.stripe.rest import API_KEY, StripeApi, refusal
from abm_pipeline.sandbox.stripe.truth import truth
from abm_pipeline.sandbox.vendor import Vendor


def _end(body: Any) -> None:
    if "has_more" in body:
        body["has_more"] = False


def _loop(body: Any, request: Request) -> None:
    after = request.query_params.get("starting_after")
    if after is not None and body.get("data"):
        body["data"][-1]["id"] = after
        body["has_more"] = True


def _refusal(status: int) -> tuple[Mapping[str, str], Any]:
    if status == 429:
        told = {"Stripe-Rate-Limited-Reason": "global-rate", "Stripe-Should-Retry": "true"}
        return told, refusal("Request rate limit exceeded.", "rate_limit")
    return {}, refusal("An unknown error occurred.", kind="api_error")


SPEC = Vendor(
    name="stripe",
    title="Stripe",
    create=StripeApi,
    environment={"ABM_STRIPE_BASE_URL": "{url}/stripe", "ABM_STRIPE_API_KEY": API_KEY},
    lists=("data",),
    end=_end,
    loop=_loop,
    refusal=_refusal,
    settings=("per_second",),
    truth=truth,
)
