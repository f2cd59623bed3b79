from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import ENVIRONMENT, Settings, SettingsError, load, origins, without_password


def written(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "revenuer.yaml"
    path.write_text(text)
    return path


def refused(folder: Path, text: str) -> str:
    """What is said about a settings file that cannot be used, without the folder's name."""
    with pytest.raises(SettingsError) as caught:
        load(written(folder, text), environment={})
    return str(caught.value).replace(f"{folder}/", "")


def test_defaults() -> None:
    """Nothing set: loopback, SQLite and the spool in ./revenuer-data, redacted texts."""
    settings = load(environment={})
    assert (settings.listen, settings.control) == ("127.0.0.1:8080", "127.0.0.1:8081")
    assert settings.database_url == f"sqlite:///{Path('revenuer-data').absolute() / 'revenuer.db'}"
    assert (settings.stream, settings.content) == ("spool:", "redacted")
    assert settings.upstream is None


def test_precedence(tmp_path: Path) -> None:
    """A flag beats the environment, the environment beats the file, the file beats the default."""
    path = written(tmp_path, "listen: 127.0.0.1:1\ncontrol: 127.0.0.1:2\ncontent: none\n")
    environment = {"REVENUER_LISTEN": "127.0.0.1:3", "REVENUER_CONTROL": "127.0.0.1:4"}
    settings = load(path, {"listen": "127.0.0.1:5", "content": None}, environment)
    assert (settings.listen, settings.control, settings.content) == ("127.0.0.1:5", "127.0.0.1:4", "none")


def test_origins(tmp_path: Path) -> None:
    """Each setting that is not at its default knows where it came from."""
    path = written(tmp_path, "content: none\nlog:\n  wait: 0\n")
    found = origins(path, {"control": "127.0.0.1:5"}, {"REVENUER_LISTEN": "127.0.0.1:3"})
    assert found["content"] == f"{path}:1"
    assert found["log.wait"] == f"{path}:3"
    assert found["listen"] == "REVENUER_LISTEN"
    assert found["control"] == "--control"
    assert "data" not in found


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    """``REVENUER_CONFIG`` is the file where no flag names one."""
    path = written(tmp_path, "content: full\n")
    assert load(environment={"REVENUER_CONFIG": str(path)}).content == "full"


@pytest.mark.parametrize("url", ["amqp://:hunter2@broker:6379/0", "spool", ""])
def test_a_stream_of_another_kind_is_refused(url: str, tmp_path: Path) -> None:
    """A way from gateway to worker that there is not is not taken in silence, and no password is shown."""
    found = refused(tmp_path, f"content: none\nstream: '{url}'\n")
    assert found.startswith("revenuer.yaml:2: stream: must be 'spool:', or redis://")
    assert "hunter2" not in found


@pytest.mark.parametrize("name", sorted(ENVIRONMENT.values()))
def test_every_variable_is_a_setting(name: str) -> None:
    """No variable of the environment sets what is not there."""
    assert name in Settings.model_fields


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("lisen: x", "revenuer.yaml:1: unknown setting 'lisen'; did you mean 'listen'?", id="top"),
        pytest.param(
            "content: full\nlog:\n  wiat: 1",
            "revenuer.yaml:3: unknown setting 'log.wiat'; did you mean 'wait'?",
            id="nested",
        ),
        pytest.param("content: some", "revenuer.yaml:1: content: Input should be", id="choice"),
        pytest.param("limits: {body: -1}", "revenuer.yaml:1: limits.body: Input should be greater", id="negative"),
        pytest.param("limits: {body: 64MB}", "revenuer.yaml:1: limits.body: Input should be a valid int", id="unit"),
        pytest.param("listen: 8080", "revenuer.yaml:1: listen: Input should be a valid string", id="port-alone"),
        pytest.param("listen: 127.0.0.1:99999", "revenuer.yaml:1: listen: invalid port", id="port-too-high"),
        pytest.param("listen: 127.0.0.1:8081", "listen and control are both '127.0.0.1:8081'", id="one-port-for-two"),
        pytest.param("scoring: {window: 7000}", "revenuer.yaml:1: scoring.window: invalid window '7000'", id="window"),
        pytest.param("upstream: ftp://x", "revenuer.yaml:1: upstream: the URL for '/' must be http", id="scheme"),
        pytest.param("upstream: https://u:p@x", "revenuer.yaml:1: upstream: the URL for '/' must be", id="credentials"),
        pytest.param("upstream: 5", "revenuer.yaml:1: upstream", id="upstream-a-number"),
        pytest.param("upstream: {v1: https://x}", "revenuer.yaml:1: upstream: invalid path prefix 'v1'", id="prefix"),
        pytest.param(
            "identity: {trusted_proxies: [10.0.0.0/33]}",
            "revenuer.yaml:1: identity.trusted_proxies: '10.0.0.0/33'",
            id="network",
        ),
        pytest.param("content: full\ncontent: none", "revenuer.yaml:2: 'content' is set twice", id="twice"),
        pytest.param("content: [", "revenuer.yaml:1: not YAML", id="not-yaml"),
        pytest.param("- content", "revenuer.yaml:1: settings are a mapping", id="a-list"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """What cannot be used is named by file, line and key."""
    assert refused(tmp_path, text).startswith(said)


def test_a_password_is_not_repeated(tmp_path: Path) -> None:
    """An upstream with credentials is refused without showing them."""
    assert "hunter2" not in refused(tmp_path, "upstream: https://user:hunter2@x")


def test_all_faults_at_once(tmp_path: Path) -> None:
    """Two faults are two lines."""
    assert len(refused(tmp_path, "lisen: x\ncontent: some").splitlines()) == 2


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    """The environment is named where the value came from it, and not the file that it overrode."""
    path = written(tmp_path, "content: full\n")
    with pytest.raises(SettingsError, match=r"^REVENUER_CONTENT: content: "):
        load(path, environment={"REVENUER_CONTENT": "some"})


def test_a_wrong_flag_is_named() -> None:
    """So is a flag."""
    with pytest.raises(SettingsError, match=r"^--listen: listen: "):
        load(flags={"listen": "nowhere"}, environment={})


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """It is named with the reason."""
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"content: \xff")
    for path, said in ((tmp_path / "none.yaml", "No such file"), (tmp_path, "Is a directory"), (binary, "not UTF-8")):
        with pytest.raises(SettingsError, match=said):
            load(path, environment={})


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    """A file of comments is as good as none."""
    assert load(written(tmp_path, "# nothing yet\n"), environment={}) == load(environment={})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p%40ss@db/x", "postgresql://u:***@db/x"),
        ("postgresql://u@db/x", "postgresql://u@db/x"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("redis://:p@stream:6379/0", "redis://:***@stream:6379/0"),
        (
            "postgresql://db/x?user=u&password=p&application_name=a",
            "postgresql://db/x?user=u&password=***&application_name=a",
        ),
    ],
)
def test_database_urls_are_shown_without_password(url: str, shown: str) -> None:
    """A password stays where it was written."""
    assert without_password(url) == shown


def test_a_value_from_a_file(tmp_path: Path) -> None:
    """``REVENUER_X_FILE`` names the file of a value that is a secret; the end of its last line is no part of it."""
    path = tmp_path / "database"
    path.write_text("postgresql://u:hunter2@db/x\n")
    named = {"REVENUER_DATABASE_FILE": str(path)}
    assert load(environment=named).database == "postgresql://u:hunter2@db/x"
    assert origins(environment=named)["database"] == "REVENUER_DATABASE_FILE"


def test_a_value_from_a_file_that_cannot_be_had(tmp_path: Path) -> None:
    """It is named with the reason, and so are two sources of one value; what the file holds is not shown."""
    missing = tmp_path / "none"
    with pytest.raises(SettingsError, match=r"^REVENUER_STREAM_FILE: .*none: No such file"):
        load(environment={"REVENUER_STREAM_FILE": str(missing)})
    with pytest.raises(SettingsError, match=r"^REVENUER_STREAM and REVENUER_STREAM_FILE are both set"):
        load(environment={"REVENUER_STREAM": "spool:", "REVENUER_STREAM_FILE": str(missing)})
    missing.write_text("amqp://u:hunter2@x")
    with pytest.raises(SettingsError, match=r"^REVENUER_STREAM_FILE: stream: must be") as caught:
        load(environment={"REVENUER_STREAM_FILE": str(missing)})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        pytest.param({"database": "postgres://u:hunter2@db/x"}, "write postgresql://", id="scheme"),
        pytest.param({"database": "postgresql+asyncpg://u:hunter2@db/x"}, "leave the driver out", id="driver"),
        pytest.param({"stream": "valkey://:hunter2@stream"}, "must be 'spool:', or redis://", id="stream"),
        pytest.param({"metrics": "127.0.0.1:8081"}, "control and metrics are both '127.0.0.1:8081'", id="ports"),
        pytest.param({"partitions": "0"}, "partitions: ", id="partitions"),
    ],
)
def test_what_cannot_work_is_said(tree: dict[str, str], said: str) -> None:
    """In words that say what to write instead, and show no password."""
    with pytest.raises(SettingsError, match=said) as caught:
        load(flags=tree, environment={})
    assert "hunter2" not in str(caught.value)
