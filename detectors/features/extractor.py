"""Extractor: prompts to rows of Observations, within a bound and through a cache.

Of the last user turn and of the system prompt the head and the tail are
read, ``bound`` characters in all; whatever the length of the text, the rest
is hashed once and no more. The views (embedding, surface, n-grams, cell) and
``prompt`` are of the last user turn; ``skeleton`` is of both, because a fixed
instruction may sit in either.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from detectors.core.observation import NGRAMS
from detectors.features import codebook, elicitation, embedding, purpose, skeleton
from detectors.features.ngrams import Spelling, ngrams
from detectors.features.surface import surface

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.core.observation import Observations

VERSION = 2
"""Raised with every change of a view's meaning."""
FRAME = 4
"""Words of a template's head, and of its tail: an instruction set before or after a payload is recognised by them."""

TOGETHER = 128
"""Texts read in one go: what is in between stays in the processor's cache."""


class Prompt(NamedTuple):
    """What a query asks."""

    system: str
    """System prompt, empty where there is none."""
    user: str
    """The last user turn; for a completion its prompts, joined."""


class _Digests(NamedTuple):
    """The template of a user turn, and its digests; 0 without a known word."""

    template: str
    prompt: int = 0
    slots: int = 0
    head: int = 0
    tail: int = 0


@dataclass(frozen=True, slots=True)
class _Views:
    """What is known of one user turn."""

    has_text: bool
    digests: _Digests
    cell: int
    embedding: NDArray[np.float32]
    surface: NDArray[np.float32]
    ngrams: NDArray[np.float32]
    purpose: float
    asked: elicitation.Reading


class _System(NamedTuple):
    """What is known of one system prompt."""

    template: str
    digest: int
    purpose: float
    asked: elicitation.Reading


_NO_SYSTEM = _System("", 0, 0.0, elicitation.SILENT)


class Extractor:
    """Prompts to numbers and keyed digests.

    Parameters
    ----------
    key
        Of the installation; digests are worthless without it. At most 64 bytes.
    bound
        Characters read of a query: two thirds of the last user turn, a third of the system prompt.
    cache
        User turns whose views are kept, least recently used out first; some 2.5 KB each.
    model
        Of purpose; the one that ships by default.
    linking
        Leave out what the linking of accounts does not read: the n-grams are zeros and nothing is elicited.

    """

    def __init__(
        self,
        key: bytes,
        *,
        bound: int = 768,
        cache: int = 8192,
        model: purpose.Purpose | None = None,
        linking: bool = False,
    ) -> None:
        if bound < 96:
            raise ValueError(f"invalid bound '{bound}': must be at least 96 characters")
        if cache < 1:
            raise ValueError(f"invalid cache '{cache}': must be at least 1")
        self._key = key
        self._user, self._system = bound - bound // 3, bound // 3
        self._codebook = codebook.default()
        self._embedder = embedding.default()
        self._views: OrderedDict[bytes, _Views] = OrderedDict()
        self._purpose = model or purpose.default()
        self._elicitation = elicitation.default()
        self._systems: OrderedDict[bytes, _System] = OrderedDict()
        self._limit = cache
        self._linking = linking
        parts = (VERSION, embedding.VERSION, self._codebook.version, f"skeleton-{skeleton.VERSION}")
        models = (f"purpose-{self._purpose.version}", f"elicitation-{self._elicitation.version}")
        self.version: str = "/".join(map(str, (*parts, *models, f"bound-{bound}")))
        """Of everything that decides the numbers; scores of two versions are not compared."""

    def fill(self, into: Observations, prompts: Sequence[Prompt | None]) -> None:
        """Fill the text rows of ``into`` in place; row ``i`` from ``prompts[i]``, untouched where that is None.

        Raises
        ------
        ValueError
            There are not as many prompts as rows.

        """
        if len(prompts) != len(into):
            raise ValueError(f"{len(prompts)} prompts for {len(into)} rows")
        asked = [(row, prompt) for row, prompt in enumerate(prompts) if prompt is not None]
        for (row, prompt), views in zip(asked, self._look_up([prompt.user for _, prompt in asked]), strict=True):
            into.has_text[row] = views.has_text
            template, into.prompt[row], into.slots[row], into.head[row], into.tail[row] = views.digests
            into.cell[row] = views.cell
            into.embedding[row] = views.embedding
            into.surface[row] = views.surface
            into.ngrams[row] = views.ngrams
            if views.has_text:
                system = self._system_of(prompt.system)
                into.system[row] = system.digest
                into.purpose[row] = views.purpose + system.purpose
                plainest = max(views.asked, system.asked, key=lambda reading: reading.excess)
                into.elicitation[row], into.elicitation_family[row] = plainest.excess, plainest.family
                into.skeleton[row] = self.digest(f"{system.template}\0{template}")

    def _look_up(self, texts: list[str]) -> list[_Views]:
        names = [self._name(text) for text in texts]
        new = {name: text for name, text in zip(names, texts, strict=True) if name not in self._views}
        for some in _portions(new.items()):
            self._views.update(self._read(some))
        found = []
        for name in names:
            self._views.move_to_end(name)
            found.append(self._views[name])
        # Only now, so that a batch larger than the cache still finds its own.
        while len(self._views) > self._limit:
            self._views.popitem(last=False)
        return found

    def _read(self, new: Sequence[tuple[bytes, str]]) -> Iterator[tuple[bytes, _Views]]:
        """The views of texts under their names."""
        texts = [text for _, text in new]
        parts = [_clean(_ends(text.strip(), self._user)) for text in texts]
        words = [part.lower().split() for part in parts]
        spelling = Spelling.of(parts)
        vectors = self._embedder.embed(parts)
        known = np.asarray(vectors.any(axis=1))
        written = surface(parts, spelling, words, [len(text) for text in texts]) * known[:, None]
        spelt = np.zeros((len(parts), NGRAMS), np.float32) if self._linking else ngrams(spelling) * known[:, None]
        cells = np.where(known, self._codebook.cells(vectors), 0)
        readings = self._asked(parts)
        has_text: list[bool] = known.tolist()
        digests = [
            self._digests(named, part, said) if any_word else _Digests(skeleton.mask(part).template)
            for named, part, said, any_word in zip(new, parts, words, has_text, strict=True)
        ]
        rows = zip(has_text, digests, cells.tolist(), vectors, written, spelt, readings, strict=True)
        for (name, _), (any_word, digested, cell, vector, how, spelled, asked) in zip(new, rows, strict=True):
            # Rows are copied, so that one that is kept does not keep all that it was read with.
            yield (
                name,
                _Views(
                    has_text=any_word,
                    digests=digested,
                    cell=cell,
                    embedding=vector.copy(),
                    surface=how.copy(),
                    ngrams=spelled.copy(),
                    purpose=self._purpose.user(vector, how) if any_word else 0.0,
                    asked=asked,
                ),
            )

    def _asked(self, parts: Sequence[str]) -> Sequence[elicitation.Reading]:
        return [elicitation.SILENT] * len(parts) if self._linking else self._elicitation.read(parts)

    def _digests(self, named: tuple[bytes, str], part: str, words: Sequence[str]) -> _Digests:
        template, fillers = skeleton.mask(part)
        name, text = named
        prompt = int.from_bytes(name[:8], "little")
        if len(text) <= self._user:
            # Of a text that is read whole, case and spacing do not count; of a longer one every byte does.
            prompt = self.digest(" ".join(words if part.isascii() else part.casefold().split()))
        framing = template.split()
        framed = len(framing) >= 2 * FRAME + 2
        return _Digests(
            template,
            prompt,
            slots=self.digest("\x1f".join(fillers)),
            head=self.digest(" ".join(framing[:FRAME])) if framed else 0,
            tail=self.digest(" ".join(framing[-FRAME:])) if framed else 0,
        )

    def _system_of(self, text: str) -> _System:
        if not text:
            return _NO_SYSTEM
        name = self._name(text)
        known = self._systems.get(name)
        if known is None:
            part = _clean(_ends(text.strip(), self._system))
            (vector,) = self._embedder.embed([part])
            known = _System(
                skeleton.mask(part).template,
                int.from_bytes(name[:8], "little"),
                self._purpose.system(vector),
                self._asked([part])[0],
            )
            self._systems[name] = known
            if len(self._systems) > self._limit:
                self._systems.popitem(last=False)
        else:
            self._systems.move_to_end(name)
        return known

    def _name(self, text: str) -> bytes:
        # JSON may hold lone surrogates, which no other error handler keeps apart.
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._key).digest()

    def digest(self, text: str) -> int:
        """Keyed digest of a text, 64 bits."""
        return int.from_bytes(
            hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest(), "little"
        )


def _portions(items: Iterable[tuple[bytes, str]]) -> Iterator[list[tuple[bytes, str]]]:
    iterator = iter(items)
    while some := list(islice(iterator, TOGETHER)):
        yield some


def _ends(text: str, bound: int) -> str:
    """Head and tail of a text, two thirds and one; the whole of a short one."""
    if len(text) <= bound:
        return text
    tail = bound // 3
    return f"{text[: bound - tail - 1]}\n{text[-tail:]}"


def _clean(text: str) -> str:
    """The text without lone surrogates, which cannot be encoded."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
