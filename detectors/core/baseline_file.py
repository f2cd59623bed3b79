"""The baseline's file: an npz of plain numbers with a JSON header. Nothing in it is ever unpickled."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

FORMAT = "revenuer-baseline-1"
_ARRAYS = (("values", np.float64), ("ranks", np.int64), ("scores", np.float64))
_DAMAGE = (OSError, ValueError, TypeError, AttributeError, LookupError, EOFError, zipfile.BadZipFile)
_LARGEST = 256 * 1024 * 1024


class BaselineError(Exception):
    """The baseline cannot be used; the message says what is wrong and what to do."""


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turns whatever a damaged file may raise into one error that helps."""
    try:
        yield
    except BaselineError:
        raise
    except _DAMAGE as error:
        reason = str(error) if isinstance(error, (OSError, ValueError)) else type(error).__name__
        raise BaselineError(
            f"baseline {path} cannot be used: {reason}; fit a new one with 'revenuer baseline fit FILE... --out B'"
            " or leave the setting out to use the one that ships"
        ) from error


def digest(header: Mapping[str, Any], *arrays: NDArray[Any]) -> str:
    """Version of these contents: 16 hex digits."""
    state = hashlib.blake2b(json.dumps(header, sort_keys=True).encode(), digest_size=8)
    for array in arrays:
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()


def read(path: Path) -> tuple[dict[str, Any], tuple[NDArray[Any], ...]]:
    """Header and arrays of a baseline file.

    Raises
    ------
    BaselineError
        It is missing, damaged, or no baseline of this format.

    """
    with refusing(path):
        if Path(path).stat().st_size > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST} bytes")
        # np.load takes a lone .npy and would try a pickle: both are refused here.
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no npz file")
        with np.load(path, allow_pickle=False) as stored:
            header = json.loads(str(stored["about"]))
            if not isinstance(header, dict) or header.get("format") != FORMAT:
                raise ValueError(f"it is not of the format {FORMAT}")
            arrays = tuple(stored[name] for name, _ in _ARRAYS)
        for array, (name, kind) in zip(arrays, _ARRAYS, strict=True):
            if array.dtype != kind or array.ndim != 1:
                raise ValueError(f"its array '{name}' is not a row of {np.dtype(kind)}")
        return header, arrays


def write(path: Path, header: Mapping[str, Any], arrays: tuple[NDArray[Any], ...]) -> None:
    """Write the file beside its place and move it there, so that a reader sees the old or the new one."""
    path = Path(path)
    about = np.array(json.dumps({"format": FORMAT, **header}, sort_keys=True, allow_nan=False))
    values, ranks, scores = arrays
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as out:
        try:
            # A third of what savez_compressed makes of it: the shipped one has its place in the repository.
            with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as packed:
                for name, array in {"about": about, "values": values, "ranks": ranks, "scores": scores}.items():
                    with packed.open(f"{name}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            out.flush()
            os.fsync(out.fileno())
            Path(out.name).replace(path)
        except BaseException:
            Path(out.name).unlink(missing_ok=True)
            raise
