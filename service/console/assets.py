"""Assets: the console's own files, each under an address with its digest, so that a browser keeps it for good."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
"""Kinds of file that are served; anything else in the folder is not."""
KEEP = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, read once."""

    type: str
    plain: bytes
    packed: bytes
    """The same, gzipped."""


class Assets:
    """All files of the folder, by address."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._addresses: dict[str, str] = {}
        self._held: dict[str, Asset] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix in TYPES:
                self._add(path.relative_to(folder).as_posix(), path)

    def address(self, name: str) -> str:
        """Below the console's folder for static files; a KeyError where there is no such file."""
        return self._addresses[name]

    def serve(self, request: Request) -> Response:
        """The file of an address; 404 where its digest is of another version."""
        asset = self._held.get(request.path_params["name"])
        if asset is None:
            return Response("no such file", 404, media_type="text/plain")
        headers = {"Cache-Control": KEEP, "Vary": "Accept-Encoding", "Content-Type": asset.type}
        if takes_gzip(request.headers):
            return Response(asset.packed, headers=headers | {"Content-Encoding": "gzip"})
        return Response(asset.plain, headers=headers)

    def _add(self, name: str, path: Path) -> None:
        plain = path.read_bytes()
        stem, dot, suffix = name.rpartition(".")
        address = f"{stem}-{hashlib.sha256(plain).hexdigest()[:12]}{dot}{suffix}"
        self._addresses[name] = address
        self._held[address] = Asset(TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0))


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether the client can unpack it."""
    offered = [part.split(";") for part in headers.get("accept-encoding", "").lower().split(",")]
    return any(part[0].strip() == "gzip" and "q=0" not in "".join(part[1:]).replace(" ", "") for part in offered)
