"""Logging in to Google: a service account's signed assertion, or a user's refresh token."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import jwt

from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._http import Login

SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
TOKEN_URL = "https://oauth2.googleapis.com/token"
# Google takes assertions of at most an hour.
ASSERTION_SECONDS = 3_000


def login(credentials: Mapping[str, str], url: str) -> Login:
    """The login request to `url`. A service account wins over a user. Raises Permanent if its key can't be used."""
    if path := credentials.get("ABM_GA4_SERVICE_ACCOUNT_FILE"):
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return Login(url, form={"grant_type": grant, "assertion": _assertion(Path(path))})
    return Login(
        url,
        form={
            "grant_type": "refresh_token",
            "client_id": credentials["ABM_GA4_CLIENT_ID"],
            "client_secret": credentials["ABM_GA4_CLIENT_SECRET"],
            "refresh_token": credentials["ABM_GA4_REFRESH_TOKEN"],
        },
    )


def _assertion(path: Path) -> str:
    now = int(time.time())
    try:
        key = json.loads(path.read_text())
        claims = {
            "iss": key["client_email"],
            "scope": SCOPE,
            "aud": key.get("token_uri", TOKEN_URL),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        return jwt.encode(claims, key["private_key"], algorithm="RS256", headers={"kid": key.get("private_key_id")})
    except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError):
        raise Permanent(
            "the service account's key can't be used",
            vendor="ga4",
            remedy="ABM_GA4_SERVICE_ACCOUNT_FILE must be the path of the JSON key of a service account.",
        ) from None
