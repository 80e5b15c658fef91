"""Sessions of the Salesforce sandbox: OAuth (client credentials, JWT bearer, refresh), SOAP login, expiry and the
daily quota.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from abm_pipeline.sandbox import credentials as known

ORG = "00DBn000000SANDMAQ"
USER = "005Bn00000001INTQA"
_SOAP = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns="urn:partner.soap.sforce.com">'
    "<soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)


@dataclass
class Session:
    """An access token and how much of its life is left."""

    born: float
    requests: int = 0
    revoked: bool = False


@dataclass
class Sessions:
    """All sessions. `session_requests` and `session_seconds` end a session, `daily_requests` is the org's quota."""

    keys: known.SigningKeys
    session_requests: int | None = None
    session_seconds: float = 7200.0
    daily_requests: int = 100_000
    used: int = 0
    made: int = 0
    live: dict[str, Session] = field(default_factory=dict)

    def open(self) -> str:
        """A new access token."""
        self.made += 1
        secret = base64.urlsafe_b64encode(f"sandbox-{self.made}".encode()).decode().rstrip("=")
        token = f"{ORG[:15]}!AQ{self.made:06d}.{secret}"
        self.live[token] = Session(time.monotonic())
        return token

    def revoke(self, token: str) -> None:
        """End a session; its next request answers INVALID_SESSION_ID."""
        if token in self.live:
            self.live[token].revoked = True

    def admit(self, request: Request) -> tuple[str, Response | None]:
        """Token of a request and the refusal it deserves, if any. Counts the request."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ").removeprefix("OAuth ")
        session = self.live.get(token)
        if session is None or session.revoked or self._over(session):
            return token, refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used >= self.daily_requests:
            return token, refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", self.limit_header())
        session.requests += 1
        self.used += 1
        return token, None

    def _over(self, session: Session) -> bool:
        spent = self.session_requests is not None and session.requests >= self.session_requests
        return spent or time.monotonic() - session.born > self.session_seconds

    def limit_header(self) -> dict[str, str]:
        """The usage header that every data answer carries."""
        return {"Sforce-Limit-Info": f"api-usage={self.used}/{self.daily_requests}"}

    async def token(self, request: Request) -> Response:
        """`POST /services/oauth2/token`."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        grant = form.get("grant_type", "")
        failure = self._refuse(request, grant, form)
        if failure:
            error, text = failure
            return JSONResponse({"error": error, "error_description": text}, status_code=400)
        base = instance_url(request)
        return JSONResponse(
            {
                "access_token": self.open(),
                "signature": "c2FuZGJveA==",
                "scope": "api",
                "instance_url": base,
                "id": f"{base}/id/{ORG}/{USER}",
                "token_type": "Bearer",
                "issued_at": str(int(time.time() * 1000)),
            }
        )

    def _refuse(self, request: Request, grant: str, form: dict[str, str]) -> tuple[str, str] | None:
        """Error and its description when the grant isn't good."""
        if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return self._check_jwt(form.get("assertion", ""))
        if grant not in ("client_credentials", "refresh_token"):
            return "unsupported_grant_type", "grant type not supported"
        ident, secret = form.get("client_id"), form.get("client_secret")
        basic = request.headers.get("authorization", "")
        if ident is None and basic.startswith("Basic "):
            try:
                ident, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return "invalid_client", "invalid client credentials"
        if ident != known.SALESFORCE_CLIENT_ID:
            return "invalid_client_id", "client identifier invalid"
        if secret != known.SALESFORCE_CLIENT_SECRET:
            return "invalid_client", "invalid client credentials"
        if grant == "refresh_token" and form.get("refresh_token") != known.SALESFORCE_REFRESH_TOKEN:
            return "invalid_grant", "expired access/refresh token"
        return None

    def _check_jwt(self, assertion: str) -> tuple[str, str] | None:
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                self.keys.private.public_key(),
                algorithms=["RS256"],
                options={"verify_aud": False, "require": ["iss", "sub", "aud", "exp"]},
            )
        except jwt.ExpiredSignatureError:
            return "invalid_grant", "expired authorization code"
        except jwt.InvalidTokenError:
            return "invalid_grant", "invalid assertion"
        if claims["iss"] != known.SALESFORCE_CLIENT_ID:
            return "invalid_client_id", "client identifier invalid"
        if int(claims["exp"]) > time.time() + 310:
            return "invalid_grant", "expiration time too far in the future"
        if claims["sub"] != known.SALESFORCE_USERNAME:
            return "invalid_grant", "user hasn't approved this consumer"
        return None

    async def soap(self, request: Request) -> Response:
        """`POST /services/Soap/u/{version}`: login with username and password + security token."""
        body = (await request.body()).decode()
        found = {tag: re.search(rf"<n1:{tag}>(.*?)</n1:{tag}>", body, re.DOTALL) for tag in ("username", "password")}
        name, password = (unescape(match.group(1)) if match else "" for match in found.values())
        if (name, password) != (known.SALESFORCE_USERNAME, known.SALESFORCE_PASSWORD + known.SALESFORCE_SECURITY_TOKEN):
            text = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
            fault = (
                f"<soapenv:Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>{text}</faultstring>"
                "<detail><sf:LoginFault><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
                f"<sf:exceptionMessage>{text[15:]}</sf:exceptionMessage>"
                "</sf:LoginFault></detail></soapenv:Fault>"
            )
            return Response(_SOAP.format(fault), status_code=500, media_type="text/xml")
        server = f"{instance_url(request)}/services/Soap/u/{request.path_params['version']}/{ORG}"
        result = (
            f"<loginResponse><result><passwordExpired>false</passwordExpired><serverUrl>{server}</serverUrl>"
            f"<sessionId>{self.open()}</sessionId><userId>{USER}</userId></result></loginResponse>"
        )
        return Response(_SOAP.format(result), media_type="text/xml")


def instance_url(request: Request) -> str:
    """Base of the data paths as the client reached it."""
    return f"{request.url.scheme}://{request.headers.get('host', '127.0.0.1')}/salesforce"


def refusal(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as data paths answer it: a list with one object."""
    return JSONResponse([{"message": message, "errorCode": code}], status_code=status, headers=headers)
