"""Signed tokens (JWT, RFC 7519): one algorithm, one audience for each purpose."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from balu.identity.auth.keys import Keys
from balu.kernel.errors import UnauthorizedError
from balu.kernel.hidden import hidden

with hidden("cryptography"):  # for other algorithms than ours: 8 MiB in every process
    import jwt

ALGORITHM = "HS256"
Purpose = Literal["access", "2fa_pending", "setup"]


class Tokens:
    """Issues and checks tokens; the key never leaves it."""

    def __init__(self, keys: Keys) -> None:
        self._key = keys.derive("jwt v1")
        self._kid = sha256(self._key).hexdigest()[:16]

    def issue(self, purpose: Purpose, user_id: int, now: datetime, life: timedelta, **claims: Any) -> str:
        """A token for *user_id* that works until *now* plus *life*."""
        payload = {
            "sub": str(user_id), "type": purpose, "aud": f"balu:{purpose}",
            "iat": int(now.timestamp()), "exp": int((now + life).timestamp()), **claims,
        }  # fmt: skip
        return jwt.encode(payload, self._key, algorithm=ALGORITHM, headers={"kid": self._kid})

    def read(self, purpose: Purpose, token: str, now: datetime) -> dict[str, Any]:
        """The claims of a valid token.

        Raises:
            UnauthorizedError: foreign, changed, of another purpose, or expired.
        """
        try:
            header = jwt.get_unverified_header(token)
            if header.get("kid") != self._kid:
                raise jwt.InvalidTokenError("unknown key")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=f"balu:{purpose}",
                # Balu's own clock decides below.
                options={"require": ["exp", "iat", "sub", "aud"], "verify_exp": False, "verify_iat": False},
            )
            if claims.get("type") != purpose or int(claims["exp"]) <= now.timestamp():
                raise jwt.ExpiredSignatureError("expired")
            claims["sub"] = int(claims["sub"])
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise UnauthorizedError(
                "This sign-in has expired. Sign in again.", headers={"www-authenticate": "Bearer"}
            ) from error
        return claims
