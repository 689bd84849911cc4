"""A real OpenID provider on loopback, by Authlib's server side: discovery, keys, authorization code with PKCE, ID token.

    with OidcProvider() as provider:
        provider.register("newsfeed", "secret", "http://localhost:8770/sign-in/back")
        provider.user = {"sub": "ada-1", "email": "ada@example.org", "email_verified": True}

Everyone who comes to its authorization endpoint is signed in as `user` at once. `bend` changes the claims of its ID tokens.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error, OAuth2Request, grants
from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from joserfc import jwk


@dataclass
class Client(ClientMixin):
    id: str
    secret: str
    back: str

    def get_client_id(self) -> str:
        return self.id

    def get_default_redirect_uri(self) -> str:
        return self.back

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == ("client_secret_basic" if self.secret else "none")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    back: str
    scope: str
    nonce: str
    user: dict[str, Any]
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.back

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Request(OAuth2Request):
    def __init__(self, method: str, uri: str, headers: dict[str, str], form: dict[str, str]) -> None:
        super().__init__(method, uri.replace("http://", "https://"), headers=headers)
        self._args = dict(parse_qsl(urlsplit(uri).query))
        self._form = form
        self.payload = BasicOAuth2Payload({**self._args, **form})

    @property
    def args(self) -> dict[str, str]:
        return self._args

    @property
    def form(self) -> dict[str, str]:
        return self._form


class CodeServer(AuthorizationServer):
    def __init__(self, provider: OidcProvider) -> None:
        super().__init__()
        self.provider = provider

    def query_client(self, client_id: str) -> Client | None:
        return self.provider.clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        self.provider.tokens.append(token)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        pass

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, Any]:
        return status, body, headers


def grant_of(provider: OidcProvider) -> type[grants.AuthorizationCodeGrant]:
    class CodeGrant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "none")

        def save_authorization_code(self, code: str, request: Request) -> None:
            data = request.payload.data
            provider.codes[code] = Code(
                code,
                data["redirect_uri"],
                data.get("scope", ""),
                data.get("nonce", ""),
                dict(provider.user),
                data.get("code_challenge", ""),
                data.get("code_challenge_method", ""),
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            provider.codes.pop(authorization_code.code, None)

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.user

    return CodeGrant


def identity_of(provider: OidcProvider) -> OpenIDCode:
    class Identity(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Request) -> bool:
            return False

        def get_client_algorithm(self, client: Client) -> str:
            return "RS256"

        def get_encode_header(self, client: Client) -> dict[str, str]:
            return {"alg": "RS256", "kid": str(provider.key.kid)}

        def resolve_client_private_key(self, client: Client) -> Any:
            return provider.key

        def get_client_claims(self, client: Client) -> dict[str, Any]:
            return {"iss": provider.issuer, "exp": int(time.time()) + 300}

        def get_compatible_claims(self, request: Request) -> dict[str, Any]:
            now = int(time.time())
            return {
                "iss": provider.issuer,
                "aud": request.client.get_client_id(),
                "iat": now,
                "exp": now + 300,
            }

        def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
            return user

        def encode_id_token(self, token: dict[str, Any], request: Request) -> str:
            found: str = super().encode_id_token(token, request)
            if provider.bend is None:
                return found
            from joserfc import jwt

            claims = provider.bend(jwt.decode(found, provider.key).claims)
            return jwt.encode(
                {"alg": "RS256", "kid": str(provider.key.kid)}, claims, provider.signing or provider.key
            )

    return Identity(require_nonce=True)


def new_key() -> Any:
    return jwk.RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)


first_key = cache(new_key)  # making an RSA key is slow


@dataclass
class OidcProvider:
    user: dict[str, Any] = field(default_factory=lambda: {"sub": "ada-1", "email": "ada@example.org"})
    bend: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    signing: Any = None  # a different key from the one it publishes
    said: dict[str, Any] = field(default_factory=dict)  # claims about itself that replace the true ones
    clients: dict[str, Client] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: list[dict[str, Any]] = field(default_factory=list)
    key: Any = None
    host: str = "localhost"

    def register(self, name: str, secret: str, back: str) -> None:
        self.clients[name] = Client(name, secret, back)

    def turn_keys(self) -> None:
        """Sign with another key from now on."""
        self.key = new_key()

    @property
    def issuer(self) -> str:
        return f"http://{self.host}:{self._http.server_port}"

    def __enter__(self) -> Self:
        os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
        self.key = first_key()
        self._server = CodeServer(self)
        self._server.register_grant(grant_of(self), [CodeChallenge(required=True), identity_of(self)])
        self._server.register_token_generator(
            "default",
            BearerTokenGenerator(lambda **_: os.urandom(16).hex(), expires_generator=lambda *_: 300),
        )
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        os.environ.pop("AUTHLIB_INSECURE_TRANSPORT", None)
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: Request, path: str) -> tuple[int, Any, Any]:
        if path == "/.well-known/openid-configuration":
            about = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
            return 200, about | self.said, []
        if path == "/keys":
            return 200, jwk.KeySet([self.key]).as_dict(private=False), []
        if path == "/authorize":
            try:
                grant = self._server.get_consent_grant(request, end_user=self.user)
            except OAuth2Error as error:
                return 400, dict(error.get_body()), []
            found: tuple[int, Any, Any] = self._server.create_authorization_response(
                request, grant_user=self.user, grant=grant
            )
            return found
        if path == "/token":
            made: tuple[int, Any, Any] = self._server.create_token_response(request)
            return made
        return 404, {}, []


def handler_of(provider: OidcProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self, form: dict[str, str]) -> None:
            uri = provider.issuer + self.path
            request = Request(self.command, uri, dict(self.headers.items()), form)
            status, body, headers = provider.answer(request, urlsplit(self.path).path)
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers:
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            self._answer(dict(parse_qsl(self.rfile.read(length).decode())))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler
