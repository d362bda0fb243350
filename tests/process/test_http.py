"""The limits of the web server, the socket nobody shares, and HTTPS with an own certificate."""

from __future__ import annotations

import datetime
import http.client
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mtrade.domain.errors import ConfigError, ProcessError
from mtrade.process import network, probe
from mtrade.process.http import MAX_BODY_BYTES, serving
from mtrade.process.record import instance_of
from tests.process.test_record import record_for


def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    body = environ["wsgi.input"].read()
    instance = instance_of("a nonce")
    start_response("200 OK", [("Content-Type", "application/json"), ("X-Read", str(len(body)))])
    return [f'{{"app": "mtrade", "setup": true, "instance": "{instance}"}}'.encode()]


@contextmanager
def server(**options: Any) -> Iterator[int]:
    bound = network.bind("127.0.0.1", 0)
    port = int(bound.getsockname()[1])
    with serving(bound, application, threads=4, **options):
        yield port


def post(port: int, body: bytes, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/", body, {"Connection": "close", **(headers or {})})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_bodies_and_headers_are_limited() -> None:
    with server() as port:
        assert post(port, b"x" * 1000).getheader("X-Read") == "1000"
        assert post(port, b"", {"X-Long": "y" * 20_000}).status == 413
        with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
            head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
            raw.sendall(head.encode())
            assert b" 413 " in raw.recv(200)


def test_it_does_not_tell_what_it_is_made_of() -> None:
    with server() as port:
        assert post(port, b"").getheader("Server") == "mTrade"


def test_noise_is_answered_and_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), server() as port:
        for noise in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 50 + b"\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
                raw.sendall(noise + b"\r\n\r\n")
                raw.recv(500)
        assert post(port, b"").status == 200


def test_a_bound_port_is_ours_alone() -> None:
    with network.bind("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(ProcessError, match=str(port)) as busy:
            network.bind("127.0.0.1", port)
        assert busy.value.exit_code == 7
        with pytest.raises(ProcessError):
            network.bind("0.0.0.0", port)  # noqa: S104 - must be refused
        assert not hasattr(socket, "SO_REUSEPORT") or not first.getsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEPORT
        )
        if sys.platform == "linux":
            assert "python" in network.port_owner(port)


def test_addresses_begin_with_this_computer() -> None:
    only = network.addresses("http", "127.0.0.1", 5000)
    assert [(a.url, a.adapter) for a in only] == [("http://127.0.0.1:5000", "")]
    every = network.addresses("https", "0.0.0.0", 5000)  # noqa: S104 - not bound
    assert every[0].url == "https://127.0.0.1:5000"
    assert all(a.adapter and not a.url.startswith("https://127.") for a in every[1:])
    assert network.addresses("http", "::1", 1)[0].url == "http://[::1]:1"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.local")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


def test_the_probe_trusts_exactly_the_own_certificate(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = certificate
    with server(certificate=cert, private_key=key) as port:
        record = record_for(tmp_path, port=port, scheme="https", certificate=str(cert))
        answer = probe.ask(record)
        assert answer is not None
        assert answer.setup
        assert answer.instance == record.instance
        plain = record_for(tmp_path, port=port)
        assert probe.ask(plain) is None


def test_a_certificate_without_its_key_is_told(certificate: tuple[Path, Path]) -> None:
    cert, _ = certificate
    with (
        network.bind("127.0.0.1", 0) as bound,
        pytest.raises(ConfigError, match="MTRADE_TLS_CERT"),
        serving(bound, application, threads=2, certificate=cert, private_key=cert),
    ):
        pass


def test_the_probe_takes_nothing_else_for_an_answer(tmp_path: Path) -> None:
    with server() as port:
        assert probe.ask(record_for(tmp_path, port=port)) is not None
    assert probe.ask(record_for(tmp_path, port=port), timeout=0.2) is None
