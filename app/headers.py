"""What every answer tells browsers: what a page may load, who may frame it, what it may use.

Streamlit sets styles while it runs, so styles can't be pinned; scripts can: its own files, and
the inline ones of its page by their hashes. Its components are scripts that come through its
socket and are made into blobs; only a script that runs already can make one, and the same holds
for the WebAssembly by which the framework counts in 64 bits.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Header = tuple[bytes, bytes]

YEAR_S = 31_536_000
# Our own routes and the API give nothing that a browser shows as a page.
OWN_ROUTES = ("/-/", "/api/", "/webhooks/")
BARE_POLICY = (
    "default-src 'none'; media-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
PERMISSIONS = (
    "microphone=(self), autoplay=(self), fullscreen=(self), clipboard-write=(self), camera=(), "
    "geolocation=(), payment=(), usb=(), serial=(), hid=(), bluetooth=(), midi=(), "
    "display-capture=(), accelerometer=(), gyroscope=(), magnetometer=(), clipboard-read=()"
)
ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", PERMISSIONS.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-permitted-cross-domain-policies", b"none"),
)
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


@dataclass(frozen=True, kw_only=True)
class SecurityHeaders:
    """The headers of answers.

    ``script_hashes`` are those of the inline scripts of pages. ``encrypted_host`` is the name under
    which the server is reached by https only, None where it isn't.
    """

    script_hashes: Sequence[str] = ()
    encrypted_host: str | None = None

    def of(self, path: str, host: str) -> tuple[Header, ...]:
        """Return the headers of an answer to a request for a path under a host (and port)."""
        is_own = path.startswith(OWN_ROUTES)
        policy = BARE_POLICY if is_own else self._page_policy(host)
        headers = (*ALWAYS, (b"content-security-policy", policy.encode("latin-1")))
        if self.encrypted_host and host.partition(":")[0].lower() == self.encrypted_host:
            return (*headers, (b"strict-transport-security", f"max-age={YEAR_S}".encode()))
        return headers

    def _page_policy(self, host: str) -> str:
        # Older browsers don't count sockets of the same host as their own.
        sockets = f" ws://{host} wss://{host}" if _PLAIN_HOST.fullmatch(host) else ""
        return _written(
            {
                "default-src": "'self'",
                "script-src": " ".join(
                    ["'self'", "blob:", "'wasm-unsafe-eval'", *self.script_hashes]
                ),
                "style-src": "'self' 'unsafe-inline'",
                "img-src": "'self' data: blob:",
                "font-src": "'self' data:",
                "media-src": "'self' blob:",
                "connect-src": f"'self'{sockets}",
                "worker-src": "'self' blob:",
                "frame-src": "'self'",
                "frame-ancestors": "'self'",
                "form-action": "'self'",
                "base-uri": "'self'",
                "object-src": "'none'",
            }
        )


def _written(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())


@cache
def page_script_hashes(page: Path) -> tuple[str, ...]:
    """Return the hashes of the inline scripts of a page's file, as a policy names them."""
    scripts = _INLINE_SCRIPT.findall(page.read_text("utf-8"))
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
