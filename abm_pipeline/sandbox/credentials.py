"""Fixed credentials of the sandbox, one block per vendor. They open nothing but a simulated world."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SALESFORCE_CLIENT_ID = "sandbox-salesforce-client"
SALESFORCE_CLIENT_SECRET = "sandbox-salesforce-secret"
SALESFORCE_USERNAME = "integration@northwind-abm.example"
SALESFORCE_PASSWORD = "sandbox-password"
SALESFORCE_SECURITY_TOKEN = "SANDBOXTOKEN"
SALESFORCE_REFRESH_TOKEN = "sandbox-salesforce-refresh"
LINKEDIN_CLIENT_ID = "sandbox-linkedin-client"
LINKEDIN_CLIENT_SECRET = "sandbox-linkedin-secret"
LINKEDIN_REFRESH_TOKEN = "sandbox-linkedin-refresh"
BOMBORA_CLIENT_ID = "sandbox-bombora-client"
BOMBORA_CLIENT_SECRET = "sandbox-bombora-secret"


@dataclass
class SigningKeys:
    """The RSA pair for JWT bearer logins, made when first asked for."""

    _private: rsa.RSAPrivateKey | None = field(default=None, repr=False)

    @property
    def private(self) -> rsa.RSAPrivateKey:
        """The private key a client signs with."""
        if self._private is None:
            self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._private

    def pem(self) -> dict[str, str]:
        """Both keys as PEM text, under `private_key` and `public_key`."""
        private = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {"private_key": private.decode(), "public_key": public.decode()}


# One pair for every vendor that takes signed assertions.
KEYS = SigningKeys()
