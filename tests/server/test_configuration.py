"""Options of the server: from a file, the environment and the command line, each overriding those before."""

import json
from pathlib import Path

import pytest
from topodesign_server.configuration import OPTIONS, read_configuration
from topodesign_server.configuration_text import effective, example
from topodesign_server.settings import ServerSettings

from topodesign.cli.app import run
from topodesign.client import Access
from topodesign.domain.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[2]
UNCHECKED = {
    *("host", "data_directory", "address_file", "database_url", "metrics_host", "traces_endpoint"),
    *("tls_certificate", "tls_key", "tls_client_ca"),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "server.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_file_is_the_one_that_the_options_make() -> None:
    assert (ROOT / "server" / "deploy" / "server.toml").read_text(encoding="utf-8") == example(), (
        "write it anew: python -m topodesign_server.configuration_text > server/deploy/server.toml"
    )


def test_the_example_lists_every_option_and_uncommented_it_is_the_defaults(tmp_path: Path) -> None:
    lines = example().splitlines()
    assignments = [line.removeprefix("# ") for line in lines if line.startswith("# ") and " = " in line]
    assert [line.partition(" = ")[0] for line in assignments] == list(OPTIONS)
    assert read_configuration(written(tmp_path, "\n".join(assignments))).settings == ServerSettings()


def test_every_number_has_a_range_and_every_duration_its_unit() -> None:
    for name, (field, described) in OPTIONS.items():
        assert described.about.endswith(".") or ";" in described.about, name
        assert described.range or name in UNCHECKED or isinstance(field.default, bool), f"{name} takes anything"
        if name.endswith("_per_s"):
            assert described.unit == "1/s", name
        elif name.endswith("_s"):
            assert described.unit == "s", name
        if name.endswith("_bytes"):
            assert described.unit == "bytes", name
        assert field.type is not None


def test_the_environment_overrides_the_file_and_the_command_line_both(tmp_path: Path) -> None:
    path = written(tmp_path, 'port = 1\nworkers = 2\nqueue_limit = 3\nhost = "h"\n')
    read = read_configuration(
        path,
        environment={"TOPODESIGN_WORKERS": "4", "TOPODESIGN_QUEUE_LIMIT": "5", "TOPODESIGN_HOST": "", "PORT": "9"},
        assignments=["queue_limit=6"],
        given={"lease_s": 7.0},
    )
    found = read.settings
    assert (found.port, found.workers, found.queue_limit, found.host, found.lease_s) == (1, 4, 6, "h", 7.0)
    assert read.origins["workers"] == "environment, TOPODESIGN_WORKERS"


def test_variables_that_are_no_options_are_told_and_do_no_harm() -> None:
    assert read_configuration(environment={"TOPODESIGN_PROT": "1", "HOME": "x"}).ignored == ["TOPODESIGN_PROT"]


def test_what_a_client_takes_from_the_environment_is_no_option_of_a_server() -> None:
    of_clients = ("SERVER", "TOKEN", "TLS", "TLS_CA", "CLIENT_CERTIFICATE", "CLIENT_KEY", "CLIENT_INSECURE")
    environment = {f"TOPODESIGN_{name}": "x" for name in of_clients}
    access = Access.from_environment(environment)
    assert (access.token, access.ca, access.certificate, access.key) == ("x", Path("x"), Path("x"), Path("x"))
    assert read_configuration(environment=environment).ignored == sorted(environment)


def test_none_can_be_written_wherever_an_option_may_have_none(tmp_path: Path) -> None:
    read = read_configuration(
        written(tmp_path, 'keep_operations_days = "none"\n'), environment={"TOPODESIGN_KEEP_HISTORIES_DAYS": "none"}
    )
    assert (read.settings.keep_operations_days, read.settings.keep_histories_days) == (None, None)
    with pytest.raises(InvalidInput, match="port is 'none', but it must be a whole number, 0 to 65535"):
        read_configuration(written(tmp_path, 'port = "none"\n'))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prot = 1", "'prot' is no option; the nearest is port"),
        ("port = 70000", "port is 70000, but it must be at most 65535"),
        ("port = true", "port is True, but it must be a whole number"),
        ("port = 1.5", "port is 1.5, but it must be a whole number"),
        ("host = 5", "host is 5, but it must be a text"),
        ("lease_s = 0", "lease_s is 0.0, but it must be greater than 0"),
        ("lease_s = nan", "lease_s is nan, but it must be a finite number"),
        ("lease_s = 1" + "0" * 400, "but it must be a finite number"),
        ('log_level = "loud"', "log_level is 'loud', but it must be one of debug, info, warning, error"),
        ("[port]\nx = 1", "port is {'x': 1}, but it must be a whole number"),
        ("port = ", "is no TOML"),
        ('database_url = ["postgresql://u:pw9@h/d"]', "database_url is hidden, but it must be a text"),
    ],
)
def test_a_wrong_file_is_told_with_file_key_value_limit_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InvalidInput) as caught:
        read_configuration(path)
    assert str(path) in caught.value.message
    assert told in caught.value.message
    assert "pw9" not in caught.value.message


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_configuration(written(tmp_path, "prot = 1\nworkers = -1\n"), environment={"TOPODESIGN_LEASE_S": "x"})
    for told in ("has 3 problems", "'prot'", "workers is -1", "environment, TOPODESIGN_LEASE_S: lease_s is 'x'"):
        assert told in caught.value.message


def test_print_config_tells_origins_and_no_secret_and_can_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOPODESIGN_DATABASE_URL", "postgresql://user:word@host/database")
    path = written(tmp_path, "workers = 3\n")
    assert run(["serve", "--config", str(path), "--port", "1", "--set", "lease_s=5", "--print-config"]) == 0
    printed = capsys.readouterr().out
    assert f"workers = 3  # {path}" in printed
    assert "port = 1  # command line" in printed
    assert "lease_s = 5.0  # --set lease_s" in printed
    assert "# database_url is set but not shown (environment, TOPODESIGN_DATABASE_URL)" in printed
    assert "word" not in printed
    again = read_configuration(written(tmp_path, printed)).settings
    assert (again.workers, again.port, again.lease_s, again.database_url) == (3, 1, 5.0, None)


def test_print_config_as_json_tells_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOPODESIGN_DATABASE_URL", "postgresql://user:word@host/database")
    assert run(["serve", "--port", "1", "--print-config", "--json"]) == 0
    printed = capsys.readouterr().out
    options = json.loads(printed)["options"]
    assert options["port"] == {"value": 1, "origin": "command line"}
    assert options["workers"] == {"value": 1, "origin": "default"}
    assert options["database_url"] == {"is_set": True, "origin": "environment, TOPODESIGN_DATABASE_URL"}
    assert "word" not in printed


def test_every_default_survives_being_printed_and_read(tmp_path: Path) -> None:
    assert read_configuration(written(tmp_path, effective(read_configuration()))).settings == ServerSettings()


def test_settings_made_by_a_programme_are_checked_as_well() -> None:
    with pytest.raises(InvalidInput, match="workers is 257, but it must be at most 256"):
        ServerSettings(workers=257)
