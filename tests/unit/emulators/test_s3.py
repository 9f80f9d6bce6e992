"""The emulated S3: signatures are checked, and faults happen as they were asked for."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError
from obstore.store import S3Store

from emulators.s3 import S3Server
from emulators.s3.signatures import SignedRequest, refusal_of, signature_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as s3:
        yield s3


@pytest.fixture
def s3(server: S3Server) -> Iterator[S3Server]:
    """The server without faults, its log empty."""
    server.requests.clear()
    server.refused.clear()
    yield server
    server.heal()


def client(s3: S3Server, *, retries: int = 0, **changed: str) -> S3Store:
    told = s3.environment("tests")
    asked = {
        "endpoint": told["AWS_ENDPOINT"],
        "access_key_id": told["AWS_ACCESS_KEY_ID"],
        "secret_access_key": told["AWS_SECRET_ACCESS_KEY"],
        "region": told["AWS_REGION"],
    }
    return S3Store(
        "tests",
        config={**asked, **changed},
        client_options={"allow_http": True, "timeout": timedelta(seconds=10)},
        retry_config={"max_retries": retries},
    )


def test_names_and_contents_come_back_whatever_they_hold(s3: S3Server) -> None:
    store = client(s3)
    for key in ("plain", "a b/ü+&=?#%2F", "x" * 300):
        obstore.put(store, key, key.encode())
        assert bytes(obstore.get(store, key).bytes()) == key.encode()
        assert s3.read("tests", key) == key.encode()
        obstore.delete(store, [key])
    assert s3.keys("tests") == []
    assert s3.refused == []


def test_requests_that_are_not_rightly_signed_are_refused(s3: S3Server) -> None:
    obstore.put(client(s3), "kept", b"x")
    with pytest.raises(urllib.error.HTTPError) as unsigned:
        urllib.request.urlopen(f"{s3.address}/tests/kept", timeout=10)
    unsigned.value.close()
    assert unsigned.value.code == 403
    for changed in ("access_key_id", "secret_access_key", "region"):
        with pytest.raises(BaseError):
            obstore.put(client(s3, **{changed: "another"}), "kept", b"forged")
    assert s3.refused == [
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "AuthorizationHeaderMalformed",
    ]
    assert s3.read("tests", "kept") == b"x"


def test_the_whole_request_is_signed(s3: S3Server) -> None:
    """A signature for one request lets in neither another path nor another body."""
    names = ["host", "x-amz-content-sha256", "x-amz-date"]
    headers = {
        "host": "127.0.0.1",
        "x-amz-date": f"{NOW:%Y%m%dT%H%M%SZ}",
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    asked = {"method": "GET", "path": "/tests/a", "query": "b=2&a=1"}
    signature = signature_of(SignedRequest(**asked, headers=headers), names, NOW, s3.credentials)
    scope = f"{s3.credentials.key_id}/{NOW:%Y%m%d}/{s3.credentials.region}/s3/aws4_request"
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )

    def refusal(later: timedelta = timedelta(), **changed: object) -> str | None:
        request = SignedRequest(**{**asked, "headers": headers, **changed})
        return refusal_of(request, s3.credentials, NOW + later)

    assert refusal() is None
    assert refusal(query="a=1&b=2") is None
    for changed in ({"method": "PUT"}, {"path": "/tests/b"}, {"query": "b=3&a=1"}):
        assert refusal(**changed) == "SignatureDoesNotMatch"
    other = {**headers, "x-amz-content-sha256": hashlib.sha256(b"x").hexdigest()}
    assert refusal(headers=other) == "SignatureDoesNotMatch"
    assert refusal(later=timedelta(minutes=16)) == "RequestTimeTooSkewed"


def test_writing_only_what_is_new(s3: S3Server) -> None:
    store = client(s3)
    obstore.put(store, "once", b"first", mode="create")
    with pytest.raises(AlreadyExistsError):
        obstore.put(store, "once", b"second", mode="create")
    assert s3.read("tests", "once") == b"first"


def test_faults_end_when_they_should(s3: S3Server) -> None:
    store = client(s3)
    obstore.put(store, "a", bytes(1000))
    s3.fail(503, count=1)
    s3.fail(403, count=1)
    with pytest.raises(BaseError, match="503"):
        obstore.head(store, "a")
    with pytest.raises(PermissionDeniedError):
        obstore.head(store, "a")
    s3.drop(count=1, methods=["HEAD"])
    assert len(obstore.get_range(store, "a", start=0, end=10)) == 10
    with pytest.raises(BaseError):
        obstore.head(store, "a")
    s3.stall(60)
    s3.heal()
    assert obstore.head(store, "a")["size"] == 1000


def test_a_refused_body_does_not_spoil_the_connection(s3: S3Server) -> None:
    store = client(s3, retries=1)
    s3.fail(503, count=1, methods=["PUT"])
    obstore.put(store, "a", bytes(3_000_000))
    assert len(s3.read("tests", "a")) == 3_000_000
    assert [method for method, _ in s3.requests] == ["PUT", "PUT"]


def test_a_folder_outlives_the_server(tmp_path: Path) -> None:
    with S3Server(folder=tmp_path) as first:
        obstore.put(client(first), "a", b"kept")
        port = first.port
    with S3Server(folder=tmp_path, port=port) as second:
        assert bytes(obstore.get(client(second), "a").bytes()) == b"kept"


def test_a_refusal_keeps_the_connection(s3: S3Server) -> None:
    store = client(s3)
    obstore.put(store, "a", b"x")
    before = s3.connections
    for _ in range(20):
        s3.fail(403, count=1)
        with pytest.raises(PermissionDeniedError):
            obstore.head(store, "a")
    # Now and then the client opens one before it knows that another is free again.
    assert s3.connections <= before + 3
