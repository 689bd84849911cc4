"""Sign-in by OpenID Connect: the code flow with discovery, state, nonce and PKCE, as Authlib's client."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from newsfeed.errors import NewsfeedError, SettingsError
from newsfeed.model import Record
from newsfeed.team.site import LOOPBACK, OidcSetting
from newsfeed.text.spoken import say

SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
KNOWN_FOR = 3600.0  # seconds for which a provider's metadata is cached
LEEWAY = 60  # seconds by which the provider's clock may differ
SECONDS = 10.0  # for each answer of it


class SignInError(NewsfeedError):
    """A sign-in failed."""


class Identity(Record, frozen=True, kw_only=True):
    """The identity of somebody, as the provider states it."""

    issuer: str
    subject: str
    name: str = ""
    mail: str = ""


class SignInProvider:
    """One provider, whose documents are read when they are needed.

    Args:
        secret: that it gave us; "" for a public client.
        back: the address of ours that it leads back to.
    """

    def __init__(self, setting: OidcSetting, secret: str, back: str) -> None:
        self._setting = setting
        self._secret = secret
        self._back = back
        self._turn = threading.Lock()
        self._said: dict[str, Any] = {}
        self._keys: dict[str, Any] = {}
        self._read = 0.0

    def start(self, state: str, nonce: str, verifier: str) -> str:
        """The address at the provider to send the browser to.

        Raises:
            SignInError: the provider does not answer, or is another one.
        """
        with self._client() as client:
            said = self._discovered(client)
            url, _ = client.create_authorization_url(
                said["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
            return str(url)

    def finish(self, answer: Mapping[str, str], nonce: str, verifier: str) -> Identity:
        """The identity of somebody coming back from the provider; the state was checked before.

        Raises:
            SignInError: the provider refused, or what it says can't be believed.
        """
        from authlib.common.errors import AuthlibBaseError
        from httpx2 import HTTPError
        from joserfc.errors import JoseError

        if "error" in answer or not answer.get("code"):
            raise SignInError("", say("{name} did not sign you in.", name=self._setting.name), "Try again.")
        try:
            with self._client() as client:
                said = self._discovered(client)
                if answer.get("iss", said["issuer"]) != said["issuer"] or (
                    said.get("authorization_response_iss_parameter_supported") and "iss" not in answer
                ):
                    raise _unbelieved(self._setting.name, "another provider answered")
                token = client.fetch_token(
                    said["token_endpoint"],
                    code=answer["code"],
                    code_verifier=verifier,
                    grant_type="authorization_code",
                )
                return self._believed(client, said, token, nonce)
        except (AuthlibBaseError, JoseError, HTTPError, ValueError, KeyError, TypeError) as error:
            raise _unbelieved(self._setting.name, type(error).__name__) from error

    # --------------------------------------------------------------------- what the provider says

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            client_id=self._setting.client_id,
            client_secret=self._secret or None,
            scope=self._setting.scope,
            redirect_uri=self._back,
            code_challenge_method="S256",
            timeout=SECONDS,
            follow_redirects=False,
        )

    def _discovered(self, client: Any) -> dict[str, Any]:
        from httpx2 import HTTPError

        with self._turn:
            if self._said and time.monotonic() - self._read < KNOWN_FOR:
                return self._said
        issuer = self._setting.issuer
        address = issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            said = self._json(client, address)
        except (HTTPError, ValueError) as error:
            raise SignInError(
                "",
                say("{name} can't be reached just now.", name=self._setting.name),
                "Try again in a minute.",
            ) from error
        if said.get("issuer") != issuer:
            raise SettingsError("[oidc] issuer", "is not what the provider calls itself", "Fix team.toml.")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _safe(str(said.get(name, "")), name)
        with self._turn:
            self._said, self._keys, self._read = said, {}, time.monotonic()
        return said

    def _json(self, client: Any, address: str) -> dict[str, Any]:
        _safe(address, "issuer")
        answer = client.request("GET", address, withhold_token=True, headers={"Accept": "application/json"})
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found

    def _believed(self, client: Any, said: dict[str, Any], token: Mapping[str, Any], nonce: str) -> Identity:
        """The identity of a token whose signature, issuer, audience, times and nonce are right."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        def decoded(keys: dict[str, Any]) -> Any:
            return jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=list(SIGNED_BY))  # type: ignore[arg-type]

        if not self._keys:
            self._keys = self._json(client, said["jwks_uri"])
        try:
            found = decoded(self._keys)
        except (JoseError, ValueError):
            # It may have changed its keys since.
            self._keys = self._json(client, said["jwks_uri"])
            found = decoded(self._keys)
        claims = CodeIDToken(
            found.claims,
            found.header,
            {
                "iss": {"essential": True, "value": said["issuer"]},
                "aud": {"essential": True, "value": self._setting.client_id},
            },
            {
                "nonce": nonce,
                "client_id": self._setting.client_id,
                "access_token": token.get("access_token", ""),
            },
        )
        claims.validate(leeway=LEEWAY)
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject or not nonce:
            raise _unbelieved(self._setting.name, "it names nobody")
        mail = claims.get("email", "") if claims.get("email_verified", True) is True else ""
        return Identity(
            issuer=said["issuer"],
            subject=subject,
            name=_text(claims.get("preferred_username")) or _text(claims.get("name")),
            mail=_text(mail),
        )


def _text(value: object) -> str:
    return value[:320] if isinstance(value, str) else ""


def _safe(address: str, name: str) -> None:
    """Raise unless the provider's address uses TLS or is on this machine.

    Raises:
        SettingsError: it is not.
    """
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise SettingsError(f"[oidc] {name}", "is no https address", "Use a provider that is reached by TLS.")


def _unbelieved(name: str, why: str) -> SignInError:
    return SignInError(
        "", say("What {name} says of you can't be believed ({why}).", name=name, why=why), "Try again."
    )
