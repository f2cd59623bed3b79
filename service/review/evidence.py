"""Evidence: all that a flag rests on, in one archive that somebody else can check and replay.

For an appeal or a case. Every file is named in ``manifest.json`` with its SHA-256, and the archive of the same
parts is the same bytes, so two copies can be compared by one digest. Texts are in it as far as the setting
``content`` kept them; whoever makes one is in the audit log.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every file in the archive: a zip has no earlier time, and the time of packing tells nothing."""
LEVELS = ("none", "redacted", "full")
"""What of the texts may go in, least first."""
README = """\
What revenuer knows about one flag
==================================

flag.json          the flag: its reasons with what is benign for them, what speaks against, versions
alert.json         the reviewers' work on its entity: status, verdict, notes (absent where nobody was asked)
evaluations.jsonl  every scoring of the entity that is still kept, newest first
decisions.json     what was decided about the entity
baseline.json      what benign was taken to be: where it came from, and the account-days behind its rates
events.jsonl       the entity's queries as records, oldest first, texts as far as the installation keeps them
manifest.json      SHA-256 of each file

To check:   sha256sum of each file against manifest.json
To replay:  revenuer replay events.jsonl --flags flags.jsonl --scores scores.jsonl
A replay scores these queries alone: what the entity asked before them is not in it, nor what `content` left out.
"""


def above(level: str, kept: str) -> bool:
    """Whether that level is more than what is kept."""
    return LEVELS.index(level) > LEVELS.index(kept)


def pack(documents: Mapping[str, Any], lines: Mapping[str, Iterable[Any]]) -> bytes:
    """The archive.

    Parameters
    ----------
    documents
        File name -> JSON document; None leaves the file out.
    lines
        File name -> documents, one a line.

    """
    files = {"README.txt": README.encode()}
    files |= {name: _document(value) for name, value in documents.items() if value is not None}
    files |= {name: b"".join(_line(value) for value in values) for name, values in lines.items()}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    files["manifest.json"] = _document({"v": 1, "sha256": digests})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def faults(archive: bytes) -> list[str]:
    """Files that are not what the manifest says, and files that it does not name.

    Raises
    ------
    ValueError
        It is no such archive.

    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            found = {name: opened.read(name) for name in opened.namelist()}
        said = json.loads(found.pop("manifest.json"))["sha256"]
    except (zipfile.BadZipFile, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"not an evidence archive: {error}") from None
    wrong = [name for name, digest in said.items() if hashlib.sha256(found.get(name, b"")).hexdigest() != digest]
    return sorted({*wrong, *(found.keys() - said.keys())})


def _document(value: Any) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"


def _line(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"
