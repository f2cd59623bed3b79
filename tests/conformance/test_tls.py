"""An upstream behind TLS is spoken to only if its certificate is good."""

from __future__ import annotations

import datetime as dt
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conformance.peer import STREAM, answer, chunk, request
from tests.conformance.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conformance.gateway import Gateway


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[Upstream]:
    """An upstream with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    upstream = Upstream(context)
    yield upstream
    upstream.close()
    assert upstream.failures == []


def test_trusted_certificate(
    start: Callable[..., Gateway], secure: Upstream, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests and streams pass over one kept connection."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    gateway = start(upstream=f"https://localhost:{secure.port}")
    client = gateway.connect()
    for number in range(5):
        secure.handler = secure.records(answer(b"x" * 200_000))
        client.send(request("/a", b"y" * 200_000))
        assert client.read_answer()[1] == b"x" * 200_000
        secure.handler = secure.records(STREAM + chunk(b"%d" % number) + chunk(b""))
        client.send(request("/a", b"{}"))
        assert client.read_answer()[1] == b"%d" % number
    assert secure.connections == 1
    assert [len(body) for _, body in secure.requests] == [200_000, 2] * 5


def test_unknown_certificate(start: Callable[..., Gateway], secure: Upstream) -> None:
    """A certificate that nobody vouches for is a 502, and nothing was sent."""
    gateway = start(upstream=f"https://localhost:{secure.port}")
    client = gateway.connect()
    client.send(request("/a", b"{}"))
    head, body = client.read_answer()
    assert head.status == 502
    assert b"upstream_tls" in body
    assert secure.requests == []
