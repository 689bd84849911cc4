"""Passkeys, created and used by the browser; discoverable, so that nobody types a name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from newsfeed.model import Record
from newsfeed.team.oidc import SignInError
from newsfeed.team.readers import Credential, Reader
from newsfeed.team.site import SiteSetting

KIND = "passkey"
NAME = "newsfeed"


class MadePasskey(Record, frozen=True, kw_only=True):
    """A passkey as stored: its id and the public key."""

    key: str
    public_key: str
    count: int


def asked_to_make(
    site: SiteSetting, reader: Reader, known: Sequence[Credential], challenge: str
) -> dict[str, Any]:
    """What the browser is told to make, for `navigator.credentials.create`."""
    from webauthn import base64url_to_bytes, generate_registration_options, options_to_json
    from webauthn.helpers import structs

    options = generate_registration_options(
        rp_id=site.host,
        rp_name=NAME,
        user_id=_handle(reader),
        user_name=reader.name,
        challenge=challenge.encode(),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(c.key))
            for c in known
            if c.kind == KIND
        ],
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


def made(site: SiteSetting, answer: str, challenge: str) -> MadePasskey:
    """The passkey that a browser made.

    Raises:
        SignInError: the answer is not to what was asked, or from elsewhere.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge.encode(),
            expected_rp_id=site.host,
            expected_origin=site.site,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise SignInError("", "That passkey can't be believed.", "Make it again.") from error
    return MadePasskey(
        key=bytes_to_base64url(found.credential_id),
        public_key=bytes_to_base64url(found.credential_public_key),
        count=found.sign_count,
    )


def asked_to_sign(site: SiteSetting, challenge: str) -> dict[str, Any]:
    """What the browser is asked for, for `navigator.credentials.get`: any passkey that it has of us."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.host, challenge=challenge.encode(), user_verification=UserVerificationRequirement.REQUIRED
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


def named(answer: str) -> str:
    """The name of the passkey that an answer is signed by; "" where it is no answer."""
    try:
        found = json.loads(answer)["id"]
    except (ValueError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) and len(found) < 2_000 else ""


def signed(site: SiteSetting, answer: str, challenge: str, reader: Reader, kept: Credential) -> int:
    """How often the passkey signed, where the answer is its own to our challenge.

    Raises:
        SignInError: it is not.
    """
    from webauthn import base64url_to_bytes, verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    refused = SignInError("", "That passkey can't be believed.", "Try again, or sign in another way.")
    try:
        handle = json.loads(answer)["response"].get("userHandle")
        if handle and base64url_to_bytes(handle) != _handle(reader):
            raise refused
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge.encode(),
            expected_rp_id=site.host,
            expected_origin=site.site,
            credential_public_key=base64url_to_bytes(kept.data["public_key"]),
            credential_current_sign_count=kept.data["count"],
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise refused from error
    return found.new_sign_count


def _handle(reader: Reader) -> bytes:
    return f"reader {reader.id}".encode()
