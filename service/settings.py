"""Settings: one frozen tree, from flags, environment and YAML, in that order of precedence.

An unknown key is refused with its file and line and the key that was probably meant.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB = 1024 * 1024
SECRETS = ("pepper", "spool_key", "token_key", "digest_key")

Address = Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$")]
Seconds = Annotated[float, Field(ge=0)]


class SettingsError(Exception):
    """The settings cannot be used; the message says where and what to do."""


class _Part(BaseModel):
    # A URL may hold a password, so no error quotes what was given.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Identity(_Part):
    """Who a caller is."""

    map: Path | None = None
    """YAML: key digest -> {account, org}. ``revenuer key digest`` prints a key's digest."""
    unknown: Literal["allow", "refuse"] = "allow"
    """What happens to a caller key that the map does not name."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose X-Forwarded-For is believed, right-most untrusted address first."""

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value


class Limits(_Part):
    """What the gateway takes."""

    body: int = Field(64 * MIB, ge=1024)
    """Bytes of a request body; more is refused with 413."""
    capture_request: int = Field(4 * MIB, ge=1024)
    """Bytes of a request body kept for the log; of a longer one only size and digest are."""
    capture_response: int = Field(1 * MIB, ge=1024)
    """Bytes of a response kept for the log; of a longer one head and tail are."""
    header_bytes: int = Field(32 * 1024, ge=1024)
    """Bytes of a request's head."""
    header_count: int = Field(100, ge=10)
    """Header fields of a request."""
    header_timeout: Seconds = 5.0
    """Longest a request's head may take."""
    body_timeout: Seconds = 30.0
    """Longest silence within a request body."""
    connect_timeout: Seconds = 10.0
    """Longest a connection to the upstream may take."""
    idle_timeout: Seconds = 120.0
    """Longest silence of the upstream within an answer that has begun."""
    answer_timeout: Seconds = 600.0
    """Longest wait for the upstream's answer to begin."""
    connections: int = Field(4096, ge=1)
    """Client connections at once."""


class Logging(_Part):
    """The no-loss log."""

    wait: Seconds = 0.005
    """Longest a request waits for its start record to be synced; 0 never waits."""
    failure_mode: Literal["open", "closed"] = "open"
    """When a query cannot be logged: serve it and count it, or refuse it with 503."""
    segment_bytes: int = Field(8 * MIB, ge=64 * 1024)
    """Size of a spool file."""
    reserve_bytes: int = Field(16 * MIB, ge=0)
    """Kept aside on the spool's disk for records without text when it is full."""
    queue_bytes: int = Field(64 * MIB, ge=MIB)
    """Records waiting for the disk; beyond it they are counted, not kept."""
    retain: Seconds = 0.0
    """How long a spool file is kept after the worker has committed it."""


class Scoring(_Part):
    """How suspicious traffic is found."""

    enabled: bool = True
    """Whether anything is scored; the log is written either way."""
    baseline: Path | None = None
    """A file of ``revenuer baseline fit``; the shipped one where none is given."""
    learn: bool = True
    """Learn the installation's own baseline and use it once it is large enough."""
    budget: float = Field(0.001, gt=0, lt=1)
    """False alerts of medium or above per benign account-day that the operator accepts."""
    window: int = Field(3600, ge=60, le=86400)
    """Seconds of event time; a day must be a whole number of windows."""
    detectors: dict[str, Literal["live", "shadow", "off"]] = {}
    """Detector -> whether it counts, is measured and stored without counting, or is not run; live where not named."""
    lateness: Seconds = 60.0
    """Event time after which a window is closed."""
    max_lag: Seconds = 5.0
    """Behind by more than this, the log goes first and scoring follows."""

    @field_validator("window")
    @classmethod
    def _divides_a_day(cls, value: int) -> int:
        if 86400 % value:
            raise ValueError(f"invalid window '{value}': a day of 86400 seconds must be a whole number of windows")
        return value


class Retention(_Part):
    """How long what is kept, in days of event time."""

    text: int = Field(30, ge=0)
    """Texts, under ``content: full``."""
    log: int = Field(400, ge=1)
    """Rows of the log, and evaluations."""
    trail: int = Field(7, ge=1)
    """Digests of conversations and requests seen."""
    states: int = Field(30, ge=1)
    """States of entities that fell silent."""


class Oidc(_Part):
    """An OpenID provider that users sign in by."""

    issuer: str = Field(pattern=r"^https?://")
    """Its URL, below which /.well-known/openid-configuration is."""
    client_id: str
    """What the provider knows this installation as."""
    client_secret: Path
    """File that holds the secret, of mode 0600."""
    claim: str = "groups"
    """Claim of the id token that names a user's groups."""
    roles: dict[str, Literal["viewer", "analyst", "admin"]] = {}
    """Group -> role; the highest counts, and a user of none of them is not let in."""
    name: str = "preferred_username"
    """Claim that becomes a new user's name."""


class Access(_Part):
    """How people sign in."""

    url: str = Field("", pattern=r"^(https?://[^/?#]+)?$")
    """What browsers reach the control port by, as https://revenuer.example.org; empty: its own address."""
    idle: Seconds = 30 * 60.0
    """Without a request after which a session ends."""
    lifetime: Seconds = 12 * 3600.0
    """After which a session ends in any case."""
    fresh: Seconds = 10 * 60.0
    """For which a password counts as just shown, where an act asks for that."""
    oidc: Oidc | None = None
    """An OpenID provider that users may sign in by; None: by password alone."""


class Notify(_Part):
    """How notices are sent."""

    private: bool = False
    """Whether destinations may be on private addresses, as a webhook's receiver in the same network is."""


class Settings(_Part):
    """All of an installation's settings."""

    listen: Address = "127.0.0.1:8080"
    """The data port, where clients send their queries."""
    control: Address = "127.0.0.1:8081"
    """The control port, for people and their tools."""
    data: Path = Path("revenuer-data")
    """The data folder."""
    upstream: str | dict[str, str] | None = None
    """One URL, or path prefix -> URL; the prefix is replaced by the URL's path. None: the built-in stand-in."""
    database: str = ""
    """SQLAlchemy URL; empty is SQLite in the data folder."""
    stream: str = "spool:"
    """How records get from gateways to workers: ``spool:``, on one host, or the URL of a Redis or Valkey."""
    partitions: Annotated[int, Field(ge=1, le=256)] = 32
    """Parts that callers are shared out in, each tended by one worker; fixed at a shared stream's first start."""
    policy: Path | None = None
    """A file of rules by which flags call for decisions; None: nothing acts by itself."""
    metrics: Address | None = None
    """Where a gateway or worker that runs by itself shows its metrics and health; None: nowhere."""
    content: Literal["full", "redacted", "none"] = "redacted"
    """What is stored of texts: all, their form, or nothing."""
    secrets: Path | None = None
    """Folder of the secret files pepper, spool_key, token_key and digest_key; None: ``secrets`` in the data folder."""
    identity: Identity = Identity()
    limits: Limits = Limits()  # type: ignore[call-arg]
    log: Logging = Logging()  # type: ignore[call-arg]
    scoring: Scoring = Scoring()  # type: ignore[call-arg]
    retention: Retention = Retention()  # type: ignore[call-arg]
    access: Access = Access()  # type: ignore[call-arg]
    notify: Notify = Notify()

    @field_validator("listen", "control", "metrics")
    @classmethod
    def _port(cls, value: str | None) -> str | None:
        if value and int(value.rpartition(":")[2]) > 65535:
            raise ValueError(f"invalid port in '{value}': must be at most 65535")
        return value

    @field_validator("stream")
    @classmethod
    def _known_stream(cls, value: str) -> str:
        if value != "spool:" and not value.startswith(("redis://", "rediss://")):
            # Not quoted: a URL may hold a password.
            raise ValueError("must be 'spool:', or redis://[user:password@]host:port[/database] (rediss:// with TLS)")
        return value

    @field_validator("database")
    @classmethod
    def _known_database(cls, value: str) -> str:
        # Not quoted, for the same reason.
        if value.startswith("postgres://"):
            raise ValueError("write postgresql://, with -ql")
        if value.startswith("postgresql+") and not value.startswith("postgresql+pg8000://"):
            raise ValueError("leave the driver out: postgresql://user:password@host[:port]/database")
        return value

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        taken: dict[str, str] = {}
        for name in ("listen", "control", "metrics"):
            address = getattr(self, name)
            # Port 0 asks the system for any free one, so two of them differ.
            if not address or address.endswith(":0"):
                continue
            if address in taken:
                raise ValueError(f"{taken[address]} and {name} are both '{address}': they are two ports")
            taken[address] = name
        return self

    @field_validator("upstream")
    @classmethod
    def _upstream_urls(cls, value: str | dict[str, str] | None) -> str | dict[str, str] | None:
        for prefix, url in value.items() if isinstance(value, dict) else [("/", value)] if value else []:
            if not prefix.startswith("/"):
                raise ValueError(f"invalid path prefix '{prefix}': must begin with /")
            if not url.startswith(("http://", "https://")) or "@" in url or "?" in url:
                raise ValueError(
                    f"the URL for '{prefix}' must be http(s)://host[:port][/path] without credentials or query"
                )
        return value

    @property
    def database_url(self) -> str:
        """The URL in use."""
        return self.database or f"sqlite:///{self.data.absolute() / 'revenuer.db'}"

    @property
    def shared_stream(self) -> bool:
        """Whether gateways and workers may be on different hosts."""
        return self.stream != "spool:"

    @property
    def spool(self) -> Path:
        """Folder of the gateway's spool."""
        return self.data / "spool"

    @property
    def secrets_folder(self) -> Path:
        """Folder of the secret files."""
        return self.secrets or self.data / "secrets"

    @property
    def own_baseline(self) -> Path:
        """The baseline that the installation learnt for itself."""
        return self.data / "baseline.npz"

    @property
    def audit_witness(self) -> Path:
        """Heads of the audit log, kept outside the database."""
        return self.data / "audit-heads"

    @property
    def clock_file(self) -> Path:
        """How far the gateway's time has come, for the next one to begin above."""
        return self.data / "clock"

    @property
    def decisions_file(self) -> Path:
        """The snapshot of decisions that the guard reads."""
        return self.data / "decisions.json"


ENVIRONMENT = {
    f"REVENUER_{name.upper()}": name
    for name in (
        *("listen", "control", "data", "upstream", "database"),
        *("stream", "partitions", "metrics", "policy", "content", "secrets"),
    )
}


def load(
    file: Path | None = None, flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force.

    Parameters
    ----------
    file
        YAML; ``REVENUER_CONFIG`` names one where this is None.
    flags
        What the command line says, None values left out.
    environment
        ``os.environ`` where this is None.

    Raises
    ------
    SettingsError
        Unreadable, unknown or impossible; the message names file, line and key.

    """
    tree, origins = _gather(file, flags or {}, os.environ if environment is None else environment)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(item, origins) for item in error.errors())) from None


def origins(
    file: Path | None = None, flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Where each setting in force came from, by dotted name; a setting at its default is not in it.

    Raises
    ------
    SettingsError
        The file cannot be read.

    """
    _, found = _gather(file, flags or {}, os.environ if environment is None else environment)
    return {".".join(path): origin for path, origin in found.items()}


def without_password(url: str) -> str:
    """A URL of a store as it may be shown."""
    shown = re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", shown)


def _gather(
    file: Path | None, flags: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    """All that was set, and where."""
    if file is None and environment.get("REVENUER_CONFIG"):
        file = Path(environment["REVENUER_CONFIG"])
    tree, lines = _read(file) if file else ({}, {})
    found = {path: f"{file}:{line}" for path, line in lines.items()}
    for variable, name in ENVIRONMENT.items():
        value, origin = _from_environment(variable, environment)
        if value:
            tree[name] = value
            found[(name,)] = origin
    for name, value in flags.items():
        if value is not None:
            tree[name] = value
            found[(name,)] = f"--{name}"
    return tree, found


def _from_environment(variable: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """A variable's value, or the text of the file that ``..._FILE`` names: a URL with a password is a secret."""
    value, file = environment.get(variable, ""), environment.get(f"{variable}_FILE", "")
    if not file:
        return value, variable
    if value:
        raise SettingsError(f"{variable} and {variable}_FILE are both set: leave one of them out")
    try:
        return Path(file).read_text().strip(), f"{variable}_FILE"
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}_FILE: {file}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None


def _read(file: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    try:
        text = file.read_text()
        node = yaml.compose(text, yaml.SafeLoader)
        tree = yaml.safe_load(text)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: not UTF-8 at byte {error.start}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SettingsError(f"{file}{line}: not YAML: {getattr(error, 'problem', 'unreadable')}") from None
    if tree is None:
        return {}, {}
    if not isinstance(tree, dict):
        raise SettingsError(f"{file}:1: settings are a mapping of names to values")
    lines: dict[tuple[str, ...], int] = {}
    _lines(node, (), lines, file)
    return tree, lines


def _lines(node: yaml.Node | None, path: tuple[str, ...], into: dict[tuple[str, ...], int], file: Path) -> None:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*path, str(key.value))
        if here in into:
            raise SettingsError(f"{file}:{key.start_mark.line + 1}: '{'.'.join(here)}' is set twice")
        into[here] = key.start_mark.line + 1
        _lines(value, here, into, file)


def _explain(item: Any, origins: dict[tuple[str, ...], str]) -> str:
    path = tuple(str(part) for part in item["loc"])
    # The path of a fault may go on below the setting, into the type that was expected of it.
    known_at = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in origins), None)
    where = f"{origins[known_at]}: " if known_at else ""
    name = ".".join(path)
    if item["type"] != "extra_forbidden":
        message = item["msg"].removeprefix("Value error, ")
        return f"{where}{name}: {message}" if name else f"{where}{message}"
    known = list(_part_at(path[:-1]).model_fields)
    meant = difflib.get_close_matches(path[-1], known, n=1)
    hint = f"; did you mean '{meant[0]}'?" if meant else f"; known here: {', '.join(known)}"
    return f"{where}unknown setting '{name}'{hint}"


def _part_at(path: tuple[str, ...]) -> type[BaseModel]:
    part: type[BaseModel] = Settings
    for name in path:
        annotation = part.model_fields[name].annotation
        options = [annotation, *get_args(annotation)]
        part = next(o for o in options if isinstance(o, type) and issubclass(o, BaseModel))
    return part
