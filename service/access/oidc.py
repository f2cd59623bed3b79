"""OpenID Connect: a provider says who somebody is. Authorization code flow with PKCE, state and nonce.

References
----------
[^1]: OpenID Connect Core 1.0, sections 3.1 and 3.1.3.7 (validation of the id token).
[^2]: RFC 7636, PKCE; RFC 9700, best current practice for OAuth 2.0 security.

"""

from __future__ import annotations

import json
import secrets as random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authlib.integrations.base_client.errors import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
from httpx import HTTPError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.model.user import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.ports import Sealer
    from service.settings import Oidc

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Of signatures; none by a shared key, and never ``none``."""
LIFE = 600
"""Seconds from the way out to the way back."""
LEEWAY = 60
"""Seconds by which clocks may differ."""
TIMEOUT = 10.0
CONTEXT = b"oidc"


class NotProved(Exception):
    """The provider did not prove who it is; the message says why, without a token."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody, as a provider knows them."""

    id: str
    """``issuer|sub``."""
    name: str
    """What the user is to be called, as far as it fits a name."""
    role: Role | None
    """The highest that a group gives; None where none does."""


class Provider:
    """One provider, as the settings name it.

    Parameters
    ----------
    callback
        The address that the provider sends browsers back to.
    seal
        Keeps what was sent, in the browser's own cookie, from being read or made up.

    """

    def __init__(self, settings: Oidc, callback: str, seal: Sealer) -> None:
        self._settings = settings
        self._callback = callback
        self._seal = seal
        self._metadata: dict[str, Any] = {}
        self._lock = threading.Lock()

    def begin(self, now: int) -> tuple[str, str]:
        """Where to send the browser, and what it must bring back in a cookie.

        Raises
        ------
        NotProved
            The provider does not answer.

        """
        state, nonce, verifier = (random.token_urlsafe(32) for _ in range(3))
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self._found(client)["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        sent = json.dumps([state, nonce, verifier, now // 1_000_000 + LIFE]).encode()
        return str(url), self._seal.seal(sent, CONTEXT).hex()

    def end(self, cookie: str, parameters: Mapping[str, str], now: int) -> Subject:
        """Who came back.

        Raises
        ------
        NotProved
            The way back is not of a way out that was begun in this browser, took too long, or the provider refused.

        """
        state, nonce, verifier = self._sent(cookie, now // 1_000_000)
        if not random.compare_digest(parameters.get("state", "").encode(), state.encode()):
            raise NotProved("this sign-in was not begun here; begin it again")
        if "error" in parameters:
            raise NotProved(f"the provider refused: {parameters['error'][:64]}")
        try:
            with self._client() as client:
                found = self._found(client)
                token = client.fetch_token(
                    found["token_endpoint"], code=parameters.get("code", ""), code_verifier=verifier
                )
                keys = KeySet.import_key_set(client.get(found["jwks_uri"], withhold_token=True).json())
                claims = self._claims(str(token["id_token"]), keys, nonce, now // 1_000_000)
        except (OAuthError, HTTPError, JoseError, KeyError, ValueError) as error:
            raise NotProved(f"the provider's answer does not hold: {type(error).__name__}") from None
        return self._subject(claims)

    def _sent(self, cookie: str, now: int) -> tuple[str, str, str]:
        try:
            state, nonce, verifier, until = json.loads(self._seal.open(bytes.fromhex(cookie), CONTEXT))
        except Exception:  # noqa: BLE001 - whatever it is, it is not what was sent
            raise NotProved("this sign-in was not begun here; begin it again") from None
        if now > until:
            raise NotProved("this sign-in took too long; begin it again")
        return state, nonce, verifier

    def _claims(self, text: str, keys: KeySet, nonce: str, now: int) -> dict[str, Any]:
        claims = jwt.decode(text, keys, algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(claims)
        if claims.get("azp", self._settings.client_id) != self._settings.client_id:
            raise ValueError("azp")
        return claims

    def _subject(self, claims: Mapping[str, Any]) -> Subject:
        groups = claims.get(self._settings.claim, [])
        groups = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        roles = [Role(self._settings.roles[group]) for group in groups if group in self._settings.roles]
        name = str(claims.get(self._settings.name) or claims["sub"]).lower()
        highest = max(roles, key=list(Role).index, default=None)
        return Subject(f"{self._settings.issuer}|{claims['sub']}", name, highest)

    def _found(self, client: OAuth2Client) -> dict[str, Any]:
        with self._lock:
            if not self._metadata:
                self._metadata = self._discovered(client)
            return self._metadata

    def _discovered(self, client: OAuth2Client) -> dict[str, Any]:
        address = self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            found: dict[str, Any] = client.get(address, withhold_token=True).raise_for_status().json()
        except (HTTPError, ValueError) as error:
            raise NotProved(f"the provider does not answer: {type(error).__name__}") from None
        if found.get("issuer") != self._settings.issuer:
            raise NotProved("the provider calls itself by another issuer than the setting access.oidc.issuer")
        return found

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._settings.client_id, self._settings.client_secret.read_text().strip(),
            scope="openid profile email", redirect_uri=self._callback, code_challenge_method="S256", timeout=TIMEOUT,
        )  # fmt: skip
