"""What a client shows to a server."""

from pathlib import Path

import pytest

from topodesign.client import Access
from topodesign.domain.errors import InvalidInput


def test_everything_may_come_from_the_environment() -> None:
    assert Access.from_environment({}) == Access()
    given = {
        "TOPODESIGN_TOKEN": " secret\n",
        "TOPODESIGN_TLS": "1",
        "TOPODESIGN_TLS_CA": "ca.pem",
        "TOPODESIGN_CLIENT_CERTIFICATE": "own.pem",
        "TOPODESIGN_CLIENT_KEY": "own.key",
        "TOPODESIGN_CLIENT_INSECURE": "true",
    }
    assert Access.from_environment(given) == Access(
        token="secret",
        tls=True,
        ca=Path("ca.pem"),
        certificate=Path("own.pem"),
        key=Path("own.key"),
        insecure=True,
    )
    assert not Access.from_environment({"TOPODESIGN_TLS": "0", "TOPODESIGN_CLIENT_INSECURE": ""}).is_encrypted


def test_a_file_of_tls_implies_tls() -> None:
    assert Access(ca=Path("ca.pem")).is_encrypted
    assert Access(certificate=Path("own.pem"), key=Path("own.key")).is_encrypted
    assert not Access(token="secret").is_encrypted


def test_a_certificate_needs_its_key_and_files_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="belong together"):
        Access(certificate=tmp_path / "own.pem")
    with pytest.raises(InvalidInput, match="cannot be read") as caught:
        Access(ca=tmp_path / "absent.pem").credentials()
    assert caught.value.reason == "TLS_FILES_UNUSABLE"


@pytest.mark.parametrize(
    "target", ["planning.example:443", "10.0.0.1:50051", "[2001:db8::1]:50051", "planning.example"]
)
def test_a_token_leaves_the_machine_encrypted_or_when_told_to(target: str) -> None:
    with pytest.raises(InvalidInput, match="plain text"):
        Access(token="secret").require_safe(target)
    Access(token="secret", tls=True).require_safe(target)
    Access(token="secret", insecure=True).require_safe(target)
    Access().require_safe(target)


@pytest.mark.parametrize("target", ["localhost:1", "127.0.0.1:1", "[::1]:1", "unix:/run/it.sock", "unix-abstract:it"])
def test_a_token_may_stay_on_the_machine_in_plain_text(target: str) -> None:
    Access(token="secret").require_safe(target)
