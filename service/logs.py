"""Logs: structlog and the standard library's loggers through one pipe, as JSON lines or for a terminal.

Nothing that is logged should hold a prompt, a key or a token in the first
place. The masking here is the last net, for what a library or a mistake puts
in: values under telling names, and whatever has the shape of a credential.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"
SECRET_NAMES = frozenset(
    {"authorization", "body", "cookie", "key", "messages", "password", "pepper", "prompt", "secret", "token"}
)
SECRET_ENDINGS = ("_key", "-key", "_token", "_secret", "_prompt")
CREDENTIAL = re.compile(r"\bsk-[\w-]{6,}|\brvn_[0-9a-f]+_[\w-]+|\b(?:bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that move a terminal's cursor or hide what follows; tab and line feed are left."""
DEPTH = 6
"""Levels of nested values that are looked through; what lies deeper is masked whole."""


def configure(role: str, *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every log event of this process to ``stream`` (standard error by default).

    JSON lines, or readable lines where it is a terminal. ``role`` says which process it was.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _role(role),
        structlog.processors.format_exc_info,
        mask,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # A line of the standard library has its exception outside the event until it is formatted.
            foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(stream)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # What an earlier set-up of theirs turned away or off comes through here like everything else.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate, library.disabled = True, False
        library.setLevel(logging.NOTSET)
    # At INFO these say what revenuer says itself, or statements with their parameters.
    for name in ("aiohttp.access", "alembic", "httpcore", "httpx", "sqlalchemy", "uvicorn"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide secrets in an event and escape control characters; a structlog processor."""
    return {name: _clean(name, value, DEPTH) for name, value in event.items()}


def _clean(name: str, value: Any, depth: int) -> Any:
    if _secret(name) or not depth:
        return MASK
    if isinstance(value, dict):
        return {str(key): _clean(str(key), item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item, depth - 1) for item in value]
    if isinstance(value, bool | int | float | None) or name.startswith("_"):
        return value
    if isinstance(value, bytes):
        # Raw bytes are bodies, keys or digests; none of them is for a log.
        return f"<{len(value)} bytes>"
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", CREDENTIAL.sub(MASK, str(value)))


def _secret(name: str) -> bool:
    lowered = name.lower()
    return lowered in SECRET_NAMES or lowered.endswith(SECRET_ENDINGS)


def _role(role: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["role"] = role
        return event

    return add


def _renderer(stream: TextIO) -> Processor:
    if stream.isatty():
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(default=_text)


def _text(value: object) -> str:
    return str(value)
