"""PostgreSQL over TLS: only a server that proves itself is talked to, and never in the open."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from app.settings import Settings, load_settings
from services.domain.errors import BadSettings, StorageError
from services.storage.database import open_engine, reading
from services.storage.schema import migrate
from services.upkeep.postgres_snapshots import PostgresSnapshots
from tests.postgres import PostgresServer, find_postgres


def made_certificate(host: str) -> tuple[bytes, bytes]:
    """Return a certificate of its own authority for this address, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server that speaks TLS only, and the file of the authority that vouches for it."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian and Ubuntu: postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="partyline-postgres-"))
    certificate, key = made_certificate("127.0.0.1")
    authority = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.write_bytes(certificate)
    made = PostgresServer(programs, folder)
    made.speak_tls_only(certificate, key)
    made.start()
    yield f"{made.address}/postgres", authority
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


def can_connect(url: str) -> bool:
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            return bool(connection.execute(text(query)).scalar())
    except StorageError:
        return False
    finally:
        engine.dispose()


def test_only_a_server_that_proves_itself_is_talked_to(
    server: tuple[str, Path], tmp_path: Path
) -> None:
    address, authority = server
    stranger = tmp_path / "other.pem"
    stranger.write_bytes(made_certificate("127.0.0.1")[0])

    def reached(tls: str, ca: Path, url: str = address) -> bool:
        settings = Settings(database=url, PARTYLINE_DATABASE_TLS=tls, PARTYLINE_DATABASE_CA=str(ca))
        return can_connect(settings.database_url)

    assert reached("verify-full", authority)
    assert reached("verify-ca", authority)
    assert not reached("verify-full", stranger)
    # Another name for the same machine is not what the certificate vouches for.
    assert not reached("verify-full", authority, address.replace("127.0.0.1", "localhost"))
    assert not can_connect(f"{address}?sslmode=disable")


def test_everything_that_works_on_the_database_goes_that_way(server: tuple[str, Path]) -> None:
    address, authority = server
    settings = Settings(
        database=address,
        PARTYLINE_DATABASE_TLS="verify-full",
        PARTYLINE_DATABASE_CA=str(authority),
    )
    engine = open_engine(settings.database_url)
    migrate(engine)
    # pg_dump is told the same.
    with PostgresSnapshots(engine, authority.parent).taken() as snapshot:
        written = bytearray()

        class Sink:
            def write(self, data: bytes, /) -> None:
                written.extend(data)

        snapshot.write(Sink())
    engine.dispose()
    assert written.startswith(b"PGDMP")


def test_a_server_in_the_open_is_refused(postgres: object, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(made_certificate("127.0.0.1")[0])
    url = postgres.url.render_as_string(hide_password=False)  # type: ignore[attr-defined]
    assert not can_connect(
        Settings(
            database=url,
            PARTYLINE_DATABASE_TLS="verify-full",
            PARTYLINE_DATABASE_CA=str(authority),
        ).database_url
    )


def test_settings_that_prove_nothing_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTYLINE_DATABASE_TLS", "verify-full")
    with pytest.raises(BadSettings, match="PARTYLINE_DATABASE_CA"):
        load_settings()
    monkeypatch.setenv("PARTYLINE_DATABASE_CA", "/no/such/file")
    with pytest.raises(BadSettings, match="no file"):
        load_settings()
    monkeypatch.setenv("PARTYLINE_DATABASE_TLS", "perhaps")
    with pytest.raises(BadSettings, match="PARTYLINE_DATABASE_TLS"):
        load_settings()
