"""TLS and certificates of clients, with real certificates and a real server."""

import datetime
import json
import shutil
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from served.certificates import DAY, Authority, Pair, now
from served.guarded_server import GuardedServer, all_methods, call, new_request, reason_of
from served.running_server import RunningServer
from served.small_scenarios import two_sites
from topodesign_server.client_certificates import end_of_certificate, tenant_of_certificate
from topodesign_server.listening import certificates_of, requires_authentication
from topodesign_server.settings import ServerSettings
from topodesign_server.tls import Certificates, TlsFiles

from topodesign.cli.app import run
from topodesign.client import Access, Client
from topodesign.domain.errors import InvalidInput, ServiceUnavailable, Unauthenticated

LIST = next(method for method in all_methods() if method.name == "ListScenarios")


@dataclass(frozen=True)
class Places:
    """Authorities and the server's own certificate."""

    folder: Path
    servers: Authority
    clients: Authority
    strangers: Authority
    own: Pair


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("certificates")
    servers, clients, strangers = (Authority(folder, name) for name in ("servers", "clients", "strangers"))
    return Places(folder, servers, clients, strangers, servers.pair("own", dns="localhost"))


@pytest.fixture(scope="module")
def mutual(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    """A server that every client must show a certificate."""
    with GuardedServer(
        tmp_path_factory.mktemp("mutual"),
        tls_certificate=str(places.own.certificate),
        tls_key=str(places.own.key),
        tls_client_ca=str(places.clients.path),
    ) as running:
        yield running


def connected(server: RunningServer, places: Places, pair: Pair | None, *, token: str = "") -> Client:
    access = Access(
        ca=places.servers.path,
        certificate=None if pair is None else pair.certificate,
        key=None if pair is None else pair.key,
        token=token,
    )
    return Client(f"localhost:{server.port}", retry_for_s=0.0, timeout_s=60, access=access)


def of_tenant(places: Places, tenant: str) -> Pair:
    return places.clients.pair(f"client-{tenant}", uris=(f"spiffe://corp.example/tenant/{tenant}",))


def test_a_certificate_names_the_tenant(mutual: GuardedServer, places: Places) -> None:
    for tenant in ("alpha", "beta"):
        with connected(mutual, places, of_tenant(places, tenant)) as client:
            assert client.list_scenarios() == ()
            client.create_scenario(two_sites(name=tenant), scenario_id="own")
            assert client.get_scenario("scenarios/own").name == tenant


@pytest.mark.parametrize("wrong", ["none", "expired", "other authority", "plain text"])
def test_whoever_has_no_valid_certificate_gets_no_connection(mutual: GuardedServer, places: Places, wrong: str) -> None:
    uris = ("spiffe://corp.example/tenant/alpha",)
    pairs = {
        "none": None,
        "expired": places.clients.pair("expired", uris=uris, until=now() - DAY),
        "other authority": places.strangers.pair("stranger", uris=uris),
    }
    if wrong == "plain text":
        client = Client(f"localhost:{mutual.port}", retry_for_s=0.0)
    else:
        client = connected(mutual, places, pairs[wrong])
    with client, pytest.raises(ServiceUnavailable):
        client.list_scenarios()


@pytest.mark.parametrize(
    "uris",
    [
        (),
        ("https://corp.example/tenant/alpha",),
        ("spiffe://corp.example/tenant/Alpha",),
        ("spiffe://corp.example/tenant/alpha/other",),
        ("spiffe://corp.example/tenant/alpha", "spiffe://corp.example/tenant/beta"),
    ],
)
def test_a_certificate_that_names_no_tenant_needs_a_token_beside_it(
    mutual: GuardedServer, places: Places, uris: tuple[str, ...]
) -> None:
    pair = places.clients.pair("unnamed", common_name="alpha", uris=uris)
    with connected(mutual, places, pair) as client, pytest.raises(Unauthenticated) as caught:
        client.list_scenarios()
    assert caught.value.reason == "CERTIFICATE_WITHOUT_TENANT"
    with connected(mutual, places, pair, token=mutual.new_token("gamma")[1]) as client:
        assert client.list_scenarios() == ()


def test_certificate_and_token_must_agree(mutual: GuardedServer, places: Places) -> None:
    pair = of_tenant(places, "alpha")
    with connected(mutual, places, pair, token=mutual.new_token("alpha")[1]) as client:
        client.list_scenarios()
    with (
        connected(mutual, places, pair, token=mutual.new_token("beta")[1]) as client,
        pytest.raises(Unauthenticated) as caught,
    ):
        client.list_scenarios()
    assert caught.value.reason == "CREDENTIALS_DISAGREE"


def test_a_connection_is_of_no_use_when_its_certificate_has_expired(mutual: GuardedServer, places: Places) -> None:
    """On a machine that is too busy to connect in a few seconds, with a certificate of a minute."""
    for valid_s in (3, 15, 60):
        pair = places.clients.pair(
            "brief", uris=("spiffe://corp.example/tenant/brief",), until=now() + datetime.timedelta(seconds=valid_s)
        )
        files = (places.servers.path, pair.key, pair.certificate)
        credentials = grpc.ssl_channel_credentials(*(file.read_bytes() for file in files))
        with grpc.secure_channel(f"localhost:{mutual.port}", credentials) as channel:
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=120)
            try:
                next(watch)
            except grpc.RpcError:
                continue
            for refused in (lambda: next(watch), lambda: call(channel, LIST, new_request(LIST))):  # noqa: B023
                with pytest.raises(grpc.RpcError) as caught:
                    refused()
                assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
                assert reason_of(caught.value).reason == "CERTIFICATE_EXPIRED"
            return
    pytest.fail("no connection in a minute")


@pytest.mark.parametrize("until", ["1999-12-31T23:59:59", "2049-12-31T23:59:59", "2050-01-01T00:00:00"])
def test_the_end_of_a_certificate_is_read_in_both_forms_that_it_has(tmp_path: Path, until: str) -> None:
    """RFC 5280 section 4.1.2.5: two digits of the year through 2049, four from 2050 on."""
    end = datetime.datetime.fromisoformat(until).replace(tzinfo=datetime.UTC)
    authority = Authority(tmp_path, "clients")
    pem = authority.pair("one", until=end).certificate.read_bytes()
    assert end_of_certificate({"x509_pem_cert": [pem]}) == end.timestamp()
    assert end_of_certificate({"x509_pem_cert": []}) is end_of_certificate({}) is None


def test_a_client_refuses_a_server_of_another_authority_or_name(mutual: GuardedServer, places: Places) -> None:
    pair = of_tenant(places, "alpha")
    misled = Access(ca=places.strangers.path, certificate=pair.certificate, key=pair.key)
    with (
        Client(f"localhost:{mutual.port}", retry_for_s=0.0, access=misled) as client,
        pytest.raises(ServiceUnavailable),
    ):
        client.list_scenarios()
    right = Access(ca=places.servers.path, certificate=pair.certificate, key=pair.key)
    with (  # the certificate is for localhost, not for the address
        Client(f"127.0.0.1:{mutual.port}", retry_for_s=0.0, access=right) as client,
        pytest.raises(ServiceUnavailable),
    ):
        client.list_scenarios()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
@pytest.mark.parametrize(("version", "is_taken"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)])
def test_older_tls_than_1_2_is_refused(
    mutual: GuardedServer, places: Places, version: ssl.TLSVersion, is_taken: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is the server that decides
    pair = of_tenant(places, "alpha")
    context.load_verify_locations(places.servers.path)
    context.load_cert_chain(pair.certificate, pair.key)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", mutual.port), timeout=60) as plain:
        if is_taken:
            with context.wrap_socket(plain, server_hostname="localhost") as encrypted:
                assert encrypted.version() == "TLSv1.2"
        else:
            with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version|EOF occurred"):
                context.wrap_socket(plain, server_hostname="localhost")


@dataclass(frozen=True)
class Beyond:
    """A server that other machines can reach, with TLS of its own and no certificates of clients."""

    server: GuardedServer
    certificate: Path
    key: Path

    def install(self, pair: Pair) -> None:
        """Put other files in the place of the server's."""
        for source, target in ((pair.key, self.key), (pair.certificate, self.certificate)):
            shutil.copy(source, target.with_suffix(".new"))
            target.with_suffix(".new").replace(target)


@pytest.fixture(scope="module")
def beyond(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beyond]:
    folder = tmp_path_factory.mktemp("beyond")
    certificate, key = folder / "tls.crt", folder / "tls.key"
    shutil.copy(places.own.certificate, certificate)
    shutil.copy(places.own.key, key)
    files = {"tls_certificate": str(certificate), "tls_key": str(key)}
    with GuardedServer(folder / "data", host="0.0.0.0", **files) as running:
        yield Beyond(running, certificate, key)


def test_renewed_files_are_used_from_the_next_connection_on(beyond: Beyond, places: Places, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "new-servers")
    token = beyond.server.new_token("renewing")[1]
    renewed = Access(ca=authority.path, token=token)
    try:
        with connected(beyond.server, places, None, token=token) as before:
            before.list_scenarios()
            beyond.install(authority.pair("renewed", dns="localhost"))
            before.list_scenarios()  # the open connection goes on
        with Client(f"localhost:{beyond.server.port}", access=renewed) as after:
            after.list_scenarios()
        beyond.certificate.write_text("no certificate")
        with Client(f"localhost:{beyond.server.port}", access=renewed) as after:
            after.list_scenarios()  # what was renewed badly is not used
        refused = json.loads(beyond.server.wait_for(lambda line: "certificates_refused" in line))
        assert str(beyond.certificate) in refused["why"]
    finally:
        beyond.install(places.own)


def test_beyond_loopback_a_server_asks_for_tokens_and_the_commands_send_them(
    beyond: Beyond, places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = beyond.server
    assert server.address.startswith("0.0.0.0:")
    with connected(server, places, None) as client, pytest.raises(Unauthenticated) as caught:
        client.list_scenarios()
    assert caught.value.reason == "TOKEN_MISSING"
    with connected(server, places, None, token=server.new_token("delta")[1]) as client:
        assert client.list_scenarios() == ()
    asking = ["jobs", "--json", "--server", f"localhost:{server.port}"]
    monkeypatch.setenv("TOPODESIGN_TLS_CA", str(places.servers.path))
    assert run(asking) == 2
    assert json.loads(capsys.readouterr().out)["error"]["reason"] == "TOKEN_MISSING"
    monkeypatch.setenv("TOPODESIGN_TOKEN", server.new_token("epsilon")[1])
    assert run(asking) == 0
    assert json.loads(capsys.readouterr().out) == {"jobs": []}


def test_plain_text_stays_on_this_machine(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "127.8.9.1", "::1", "localhost"):
        assert certificates_of(ServerSettings(data_directory=tmp_path, host=host)) is None
        assert not requires_authentication(ServerSettings(data_directory=tmp_path, host=host))
    for host in ("0.0.0.0", "::", "10.0.0.1", "planning.example", "127.0.0.1.example"):
        with pytest.raises(InvalidInput, match="--tls-certificate") as caught:
            certificates_of(ServerSettings(data_directory=tmp_path, host=host))
        assert caught.value.reason == "TLS_REQUIRED"
        open_to_all = ServerSettings(data_directory=tmp_path, host=host, insecure=True)
        assert certificates_of(open_to_all) is None
        assert requires_authentication(open_to_all)  # in plain text too, calls say who makes them


def test_files_that_cannot_serve_are_refused_when_the_server_starts(places: Places, tmp_path: Path) -> None:
    own, other = places.own, places.servers.pair("other", dns="localhost")
    empty = tmp_path / "empty.pem"
    empty.touch()
    for files in (
        TlsFiles(certificate=tmp_path / "absent.pem", key=own.key),
        TlsFiles(certificate=own.certificate, key=tmp_path / "absent.key"),
        TlsFiles(certificate=own.certificate, key=other.key),
        TlsFiles(certificate=empty, key=own.key),
        TlsFiles(certificate=own.certificate, key=own.key, client_ca=empty),
        TlsFiles(certificate=own.certificate, key=own.key, client_ca=own.key),
    ):
        with pytest.raises(InvalidInput) as caught:
            Certificates(files)
        assert caught.value.reason == "TLS_FILES_UNUSABLE"
    for incomplete in ({"tls_certificate": own.certificate}, {"tls_key": own.key}, {"tls_client_ca": own.certificate}):
        with pytest.raises(InvalidInput, match="both") as caught:
            certificates_of(ServerSettings(data_directory=tmp_path, **incomplete))
        assert caught.value.reason == "TLS_INCOMPLETE"


def test_the_common_name_names_the_tenant_where_that_is_asked_for() -> None:
    peer = {"x509_common_name": [b"alpha"], "peer_uri": [b"spiffe://corp.example/tenant/beta"]}
    assert tenant_of_certificate(peer, named_by="common_name") == "alpha"
    assert tenant_of_certificate(peer, named_by="uri") == "beta"
    assert tenant_of_certificate({"peer_uri": [b"spiffe://corp.example/ns/x/tenant/beta"]}, named_by="uri") == "beta"
    assert tenant_of_certificate({}, named_by="uri") is None
    for name in (b"Alpha", b"a b", b"", b"alpha\n", b"spiffe://x/tenant/alpha", b"\xff"):
        assert tenant_of_certificate({"x509_common_name": [name]}, named_by="common_name") is None
    for uri in (
        b"spiffe:///tenant/a",
        b"spiffe://x/tenant/",
        b"spiffe://x/tenant/a?b",
        b"spiffe://x/tenants/a",
        b"\xff",
    ):
        assert tenant_of_certificate({"peer_uri": [uri]}, named_by="uri") is None
