"""Errors as RFC 9457 problem documents, the same in front of the router and behind it."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from balu.kernel.db import explain
from balu.kernel.errors import BaluError, InvalidError, MalformedError
from balu.kernel.log import logger

MEDIA_TYPE = "application/problem+json"
GENERAL = {
    400: "invalid", 401: "unauthorized", 403: "forbidden", 404: "not-found", 405: "method-not-allowed",
    409: "conflict", 413: "too-large", 415: "unsupported-type", 422: "invalid", 429: "rate-limited",
}  # fmt: skip
SAID = (
    (re.compile(r"Expected `str` of length <= (\d+)"), "longer-than", "most"),
    (re.compile(r"Expected `str` of length >= (\d+)"), "shorter-than", "least"),
    (re.compile(r"Expected `array` of length <= (\d+)"), "more-than", "most"),
    (re.compile(r"Expected `array` of length >= (\d+)"), "fewer-than", "least"),
    (re.compile(r"Expected `(?:int|float)` <= (-?\d+)"), "above", "most"),
    (re.compile(r"Expected `(?:int|float)` >= (-?\d+)"), "below", "least"),
    (re.compile(r"Expected `str` matching regex"), "misspelt", None),
)
"""What msgspec says about values that people type: a code for each, for pages with words of their own."""
log = logger("balu.http")


def problem(error: BaseException, request_id: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """``(status, headers, document)`` for *error*; nothing about our own bugs leaves the server."""
    if isinstance(error, InvalidError):
        issues = [{"loc": ["body", error.field or ""], "msg": error.detail, "type": "value_error"}]
        status, _, document = _invalid(issues, request_id)
        return status, dict(error.headers), {**document, **error.extra}
    if isinstance(error, BaluError):
        return error.status, dict(error.headers), {
            "type": f"/problems/{error.code}", "title": error.title, "status": error.status,
            "detail": error.detail, "code": error.code, "request_id": request_id, **error.extra,
        }  # fmt: skip
    if isinstance(error, ValidationException):
        return _invalid(list(_issues(error)), request_id)
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return (
            error.status_code,
            dict(error.headers or {}),
            _general(error.status_code, error.detail, request_id),
        )
    known = explain(error)
    if isinstance(error, UnicodeDecodeError):  # a JSON body whose texts are no text
        known = MalformedError("What was sent is not UTF-8.")
    if known is not None:
        return problem(known, request_id)
    log.error("request failed", request_id=request_id, exc_info=error)
    return 500, {}, {
        "type": "/problems/internal", "title": "Internal server error", "status": 500,
        "detail": "Internal server error", "code": "internal", "request_id": request_id,
    }  # fmt: skip


def _general(status: int, detail: str, request_id: str) -> dict[str, Any]:
    code = GENERAL.get(status, "invalid")
    phrase = HTTPStatus(status).phrase
    return {
        "type": f"/problems/{code}", "title": phrase, "status": status,
        "detail": detail or phrase, "code": code, "request_id": request_id,
    }  # fmt: skip


def _invalid(issues: list[dict[str, Any]], request_id: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    fields: dict[str, list[str]] = {}
    for issue in issues:
        fields.setdefault(".".join(map(str, issue["loc"][1:])) or str(issue["loc"][0]), []).append(
            issue["msg"]
        )
    return 422, {}, {
        "type": "/problems/invalid", "title": InvalidError("").title, "status": 422, "detail": issues,
        "code": "invalid", "fields": fields, "request_id": request_id, **_faults(fields),
    }  # fmt: skip


def _faults(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """The member ``faults``: those of *fields* that have a code, each with the number it is about."""
    found = [
        {"field": field, "code": code, "parameters": {name: int(said[1])} if name else {}}
        for field, messages in fields.items()
        for message in messages
        for pattern, code, name in SAID
        if (said := pattern.match(message))
    ]
    return {"faults": found} if found else {}


def _issues(error: ValidationException) -> Any:
    extra = error.extra if isinstance(error.extra, list) else []
    for item in extra:
        if isinstance(item, Mapping):
            source, key = str(item.get("source", "body")), str(item.get("key", ""))
            message = str(item.get("message", error.detail))
            yield {"loc": [source, *([key] if key else [])], "msg": message, "type": "value_error"}
    if not extra:
        yield {"loc": ["body"], "msg": error.detail, "type": "value_error"}


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's one exception handler."""
    status, headers, document = problem(error, str(request.scope.get("state", {}).get("request_id", "")))
    return Response(msgspec.json.encode(document), status_code=status, media_type=MEDIA_TYPE, headers=headers)
