"""How a bucket of S3, or of a service that speaks like it, is reached, and how long is waited."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstore.store import S3Store

# A part of an upload, or a stretch that is listened to, comes well within this.
ANSWERS_WITHIN_S = 30.0
CONNECTS_WITHIN_S = 5.0
# Short outages are waited for; longer ones are for whoever asked, who can do so again later.
RETRIES_FOR_S = 30.0
MOST_RETRIES = 6
FIRST_PAUSE = timedelta(milliseconds=200)
LONGEST_PAUSE = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class BucketAccess:
    """Keys and address of a bucket; what is None is looked for where Amazon's tools look.

    A bucket that doesn't answer is given up ``retries_for_s + answers_within_s`` after the first
    request at the latest.
    """

    key_id: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str | None = None
    endpoint: str | None = None
    allow_http: bool = False
    answers_within_s: float = ANSWERS_WITHIN_S
    retries_for_s: float = RETRIES_FOR_S

    def open(self, url: str) -> "S3Store":
        """Return the store behind ``s3://bucket/prefix``; nothing is connected yet."""
        from obstore.store import S3Store

        given: dict[str, Any] = {
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
            "session_token": self.session_token,
            "region": self.region,
            "endpoint": self.endpoint,
        }
        return S3Store.from_url(
            url,
            config={name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
            client_options={
                "allow_http": self.allow_http,
                "connect_timeout": timedelta(seconds=min(CONNECTS_WITHIN_S, self.answers_within_s)),
                "timeout": timedelta(seconds=self.answers_within_s),
            },
            retry_config={
                "max_retries": MOST_RETRIES,
                "retry_timeout": timedelta(seconds=self.retries_for_s),
                "backoff": {
                    "init_backoff": FIRST_PAUSE,
                    "max_backoff": LONGEST_PAUSE,
                    "base": 2,
                },
            },
        )
