"""Print file and line of the code that answers a URL: `python -m tools.where /api/files/list [METHOD]`."""

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar.routes import HTTPRoute, WebSocketRoute

from balu.app import Balu
from tools.app import unopened_app

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Answer:
    """One method of one route and the function behind it."""

    method: str
    path: str
    function: Callable[..., Any]

    def __str__(self) -> str:
        code = inspect.unwrap(self.function).__code__
        source = Path(code.co_filename)
        place = source.relative_to(ROOT) if source.is_relative_to(ROOT) else source
        return f"{self.method:9} {self.path:44} {place}:{code.co_firstlineno}  {code.co_qualname}"


def answers(app: Balu, path: str) -> Iterator[Answer]:
    """What may answer *path*, in the order it is asked: byte streams first, then the router.

    *path* is a real path (``/api/users/7``) or a route's template; a trailing slash does not matter.
    """
    wanted = "/" + path.partition("?")[0].strip("/")
    for raw in app.front.routes:
        if any(raw.matches(method, wanted) for method in raw.methods):
            for method in sorted(raw.methods):
                suffix = "" if raw.exact else "/…"
                yield Answer(method, raw.prefix + suffix, raw.run)
    for route in app.routes:
        if not _fits(route.path_format, wanted):
            continue
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in sorted(map(str, handler.http_methods)):
                    if method != "OPTIONS":
                        yield Answer(method, route.path_format, handler.fn)
        elif isinstance(route, WebSocketRoute):
            yield Answer("WEBSOCKET", route.path_format, route.route_handler.fn)


def _fits(template: str, path: str) -> bool:
    """Whether *path* is *template* or an address it covers."""
    if template.rstrip("/") == path.rstrip("/"):
        return True
    mine, theirs = template.strip("/").split("/"), path.strip("/").split("/")
    if mine and mine[-1].endswith(":path}"):
        mine, theirs = mine[:-1], theirs[: len(mine) - 1]
    return len(mine) == len(theirs) and all(
        part.startswith("{") or part == given for part, given in zip(mine, theirs, strict=True)
    )


def main(arguments: list[str]) -> int:
    if not arguments:
        print("usage: just where /api/... [METHOD]", file=sys.stderr)
        return 2
    method = arguments[1].upper() if len(arguments) > 1 else None
    with unopened_app() as app:
        found = [answer for answer in answers(app, arguments[0]) if method in {None, answer.method}]
    for answer in found:
        print(answer)
    if not found:
        print(f"Nothing answers {' '.join(arguments)}.", file=sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
