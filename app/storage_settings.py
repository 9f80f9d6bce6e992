"""What can be set about a bucket of S3 and its like; app/settings.py reads it."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from services.domain.addresses import is_encrypted_or_here
from services.domain.errors import BadSettings
from services.storage.buckets import BucketAccess


def _web_address(url: str) -> str:
    """Take the address of a service, without user or query; an empty one is none."""
    parts = urlsplit(url)
    if url and not (parts.scheme in {"https", "http"} and parts.hostname):
        raise ValueError
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError
    return url.rstrip("/")


class StorageSettings(BaseSettings):
    """How a bucket is reached, by the names that other programs use for it, too.

    What isn't set here is looked for where Amazon's tools look for it, such as the role of the
    machine.
    """

    aws_access_key_id: Annotated[SecretStr | None, Field(validation_alias="AWS_ACCESS_KEY_ID")] = (
        None
    )
    aws_secret_access_key: Annotated[
        SecretStr | None, Field(validation_alias="AWS_SECRET_ACCESS_KEY")
    ] = None
    aws_session_token: Annotated[SecretStr | None, Field(validation_alias="AWS_SESSION_TOKEN")] = (
        None
    )
    aws_region: Annotated[str, Field(validation_alias="AWS_REGION")] = ""
    aws_endpoint: Annotated[
        str, Field(validation_alias="AWS_ENDPOINT"), AfterValidator(_web_address)
    ] = ""
    aws_endpoint_url: Annotated[
        str, Field(validation_alias="AWS_ENDPOINT_URL"), AfterValidator(_web_address)
    ] = ""
    aws_allow_http: Annotated[bool, Field(validation_alias="AWS_ALLOW_HTTP")] = False

    def check_bucket(self) -> None:
        """Raise BadSettings for an address at which recordings would travel in the open."""
        endpoint = self.aws_endpoint or self.aws_endpoint_url
        if endpoint and not self.aws_allow_http and not is_encrypted_or_here(endpoint):
            raise BadSettings("AWS_ENDPOINT is not https; AWS_ALLOW_HTTP=true takes it anyway.")

    @property
    def bucket_access(self) -> BucketAccess:
        """How a bucket is reached."""
        endpoint = self.aws_endpoint or self.aws_endpoint_url
        return BucketAccess(
            key_id=_secret(self.aws_access_key_id),
            secret=_secret(self.aws_secret_access_key),
            session_token=_secret(self.aws_session_token),
            region=self.aws_region or None,
            endpoint=endpoint or None,
            allow_http=bool(endpoint) and (self.aws_allow_http or is_encrypted_or_here(endpoint)),
        )


def _secret(setting: SecretStr | None) -> str | None:
    return setting.get_secret_value() or None if setting else None
