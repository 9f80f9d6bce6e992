"""What can be set about a bucket of S3 and the way to a database; app/settings.py reads it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings
from sqlalchemy import make_url

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


class DatabaseTls(StrEnum):
    """How a PostgreSQL server is reached, and how it has to prove itself; names are its own."""

    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class StorageSettings(BaseSettings):
    """How a bucket and a database are reached, by the names that other programs use, too.

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

    database_tls: Annotated[
        DatabaseTls | None, Field(validation_alias="PARTYLINE_DATABASE_TLS")
    ] = None
    database_ca: Annotated[str, Field(validation_alias="PARTYLINE_DATABASE_CA")] = ""

    def with_tls(self, url: str) -> str:
        """Return a server's address with how it is to prove itself; a file's stays as it is."""
        if self.database_tls is None or not url.startswith("postgresql"):
            return url
        proof = {"sslmode": self.database_tls.value}
        if self.database_ca:
            # "system" are the authorities that this machine trusts.
            is_file = self.database_ca != "system"
            authority = Path(self.database_ca).expanduser().absolute() if is_file else "system"
            proof["sslrootcert"] = str(authority)
        address = make_url(url).update_query_dict(proof)
        return address.render_as_string(hide_password=False)

    def check_database_tls(self) -> None:
        """Raise BadSettings where nobody could tell the server from somebody else."""
        is_proven = self.database_tls in {DatabaseTls.VERIFY_CA, DatabaseTls.VERIFY_FULL}
        if not is_proven:
            return
        if not self.database_ca:
            raise BadSettings(
                "PARTYLINE_DATABASE_TLS needs PARTYLINE_DATABASE_CA: a file, or system."
            )
        if self.database_ca != "system" and not Path(self.database_ca).expanduser().is_file():
            raise BadSettings("There is no file where PARTYLINE_DATABASE_CA says.")

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
