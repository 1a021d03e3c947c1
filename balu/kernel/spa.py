"""The web UI's files from memory: precompressed, conditional, with their own Content-Security-Policy."""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
CSP = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; font-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
SCRIPT_CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
"""A worker follows the policy of its own script; for other scripts the header means nothing."""
FALLBACK = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Balu</title>
<p>The web interface is not built. Run <code>just web</code>; the API is ready.</p>
"""
REPEATED = {"etag", "cache-control", "vary", "content-security-policy"}
"""Headers of a 304: a browser puts them over those it stored, so a page keeps its own policy."""
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class WebUI:
    """The built interface below *root*; files are read once, when first asked for."""

    root: Path
    _files: dict[tuple[str, str], Page | None] = field(default_factory=dict)

    def answer(self, path: str, accept_encoding: str, if_none_match: str | None) -> Page | None:
        """The file at *path*, or the application page for an address of the application.

        None for what the application does not know: ``/api`` and other servers' paths, and missing files.
        """
        name = path.strip("/")
        known = self._load(name, accept_encoding) if name and ".." not in name.split("/") else None
        if known is None:
            first, _, rest = name.partition("/")
            # A folder's address in the application may hold a dot, an asset's always does.
            if first in {"api", "dav", "s3", "dl"} or (first != "files" and "." in (rest or first)):
                return None
            known = self._load("index.html", accept_encoding) or self._fallback()
        if if_none_match is not None and known.headers["etag"] in if_none_match:
            return Page(304, {key: value for key, value in known.headers.items() if key in REPEATED}, b"")
        return known

    def _load(self, name: str, accept: str) -> Page | None:
        encoding = next((token for token, _ in ENCODINGS if token in accept), "")
        key = (name, encoding)
        if key not in self._files:
            self._files[key] = self._read(name, encoding)
        return self._files[key]

    def _read(self, name: str, encoding: str) -> Page | None:
        file = self.root / name
        if not file.is_file():
            return None
        plain = file.read_bytes()
        suffix = dict(ENCODINGS).get(encoding, "")
        packed = file.with_name(file.name + suffix)
        use = bool(suffix) and packed.is_file()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind in {
            "application/javascript",
            "application/json",
            "image/svg+xml",
        }
        headers = {
            "content-type": f"{kind}; charset=utf-8" if text else kind,
            "etag": f'"{hashlib.blake2s(plain, digest_size=12).hexdigest()}{encoding}"',
            "cache-control": "public, max-age=31536000, immutable"
            if name.startswith("assets/")
            else "no-cache",
            "vary": "accept-encoding",
        }
        if use:
            headers["content-encoding"] = encoding
        if kind == "text/html":
            headers["content-security-policy"] = policy(plain)
        elif kind.endswith("/javascript"):
            headers["content-security-policy"] = SCRIPT_CSP
        return Page(200, headers, packed.read_bytes() if use else plain)

    @staticmethod
    def _fallback() -> Page:
        headers = {"content-type": "text/html; charset=utf-8", "etag": '"none"', "cache-control": "no-cache"}
        return Page(
            200, {**headers, "vary": "accept-encoding", "content-security-policy": policy(FALLBACK)}, FALLBACK
        )


def policy(html: bytes) -> str:
    """The Content-Security-Policy of a page of ours: its inline scripts are named by hash."""
    digests = [
        base64.b64encode(hashlib.sha256(script).digest()).decode() for script in INLINE_SCRIPT.findall(html)
    ]
    return CSP.format(hashes="".join(f" 'sha256-{digest}'" for digest in digests))
