"""Logging in to Salesforce: OAuth client credentials or JWT bearer, whichever the credentials allow."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import jwt

from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._http import Login

# Salesforce takes assertions of at most five minutes, and clocks differ.
ASSERTION_SECONDS = 180


def login(credentials: Mapping[str, str]) -> Login:
    """The login request. A private key wins over a secret. Raises Permanent if the key can't be read."""
    base = credentials["ABM_SALESFORCE_BASE_URL"].rstrip("/")
    client = credentials["ABM_SALESFORCE_CLIENT_ID"]
    url = f"{base}/services/oauth2/token"
    key = credentials.get("ABM_SALESFORCE_PRIVATE_KEY_FILE")
    if not key:
        secret = credentials["ABM_SALESFORCE_CLIENT_SECRET"]
        return Login(url, form={"grant_type": "client_credentials", "client_id": client, "client_secret": secret})
    is_sandbox = ".sandbox.my.salesforce.com" in base or "//test.salesforce.com" in base
    claims = {
        "iss": client,
        "sub": credentials["ABM_SALESFORCE_USERNAME"],
        "aud": "https://test.salesforce.com" if is_sandbox else "https://login.salesforce.com",
        "exp": int(time.time()) + ASSERTION_SECONDS,
    }
    try:
        assertion = jwt.encode(claims, Path(key).read_text(), algorithm="RS256")
    except (OSError, ValueError, jwt.InvalidKeyError):
        raise Permanent(
            "the private key can't be read",
            vendor="salesforce",
            remedy="ABM_SALESFORCE_PRIVATE_KEY_FILE must be the path of a PEM file with an RSA key.",
        ) from None
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    return Login(url, form={"grant_type": grant, "assertion": assertion})
