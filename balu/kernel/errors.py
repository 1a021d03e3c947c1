"""The root of every refusal, and the general ones.

BaluError
├── MalformedError         400 invalid
├── UnsafePathError        400 unsafe-path
├── UnauthorizedError      401 unauthorized
├── ForbiddenError         403 forbidden
│   ├── CsrfError          403 csrf-failed
│   ├── ConfirmationError  403 confirmation-required
│   └── LocalOnlyError     403 local-only
├── NotFoundError          404 not-found
├── ConflictError          409 conflict
├── PreconditionError      412 precondition-failed
├── TooLargeError          413 too-large
├── InvalidError           422 invalid
├── RateLimitedError       429 rate-limited
├── UnavailableError       503 unavailable
└── NoSpaceError           507 no-space
"""

from typing import Any, ClassVar


class BaluError(Exception):
    """Something was refused."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        """Say in *detail* what the user can do next; *extra* members join the problem document."""
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}
        self.extra = extra

    @property
    def title(self) -> str:
        """First line of the class's docstring, without the full stop."""
        return (type(self).__doc__ or "").strip().splitlines()[0].rstrip(".")


class MalformedError(BaluError):
    """The request could not be understood."""

    status, code = 400, "invalid"


class UnsafePathError(BaluError):
    """This path cannot exist here."""

    status, code = 400, "unsafe-path"


class UnauthorizedError(BaluError):
    """Sign-in is needed."""

    status, code = 401, "unauthorized"


class ForbiddenError(BaluError):
    """This is not allowed."""

    status, code = 403, "forbidden"


class CsrfError(ForbiddenError):
    """The request did not come from Balu's own pages."""

    code = "csrf-failed"


class ConfirmationError(ForbiddenError):
    """This needs a fresh proof of who you are."""

    code = "confirmation-required"


class LocalOnlyError(ForbiddenError):
    """This works on the machine itself only."""

    code = "local-only"


class NotFoundError(BaluError):
    """There is nothing here."""

    status, code = 404, "not-found"


class ConflictError(BaluError):
    """The state does not allow this."""

    status, code = 409, "conflict"


class PreconditionError(BaluError):
    """It was changed meanwhile."""

    status, code = 412, "precondition-failed"


class TooLargeError(BaluError):
    """The request is too large."""

    status, code = 413, "too-large"


class InvalidError(BaluError):
    """A field is not valid."""

    status, code = 422, "invalid"

    def __init__(self, detail: str, *, field: str | None = None, **extra: Any) -> None:
        """Name the offending *field*, so that a form can show the sentence beside it."""
        super().__init__(detail, **extra)
        self.field = field


class RateLimitedError(BaluError):
    """Too many requests."""

    status, code = 429, "rate-limited"

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        """Tell the client to come back after *retry_after_s* seconds."""
        super().__init__(
            detail,
            headers={"retry-after": str(retry_after_s)},
            error="rate-limited",
            retry_after=retry_after_s,
        )


class UnavailableError(BaluError):
    """Not available at the moment."""

    status, code = 503, "unavailable"

    def __init__(self, detail: str, *, retry_after_s: int = 2) -> None:
        """Tell the client to come back after *retry_after_s* seconds."""
        super().__init__(detail, headers={"retry-after": str(retry_after_s)})


class NoSpaceError(BaluError):
    """There is not enough space."""

    status, code = 507, "no-space"
