"""From text to numbers: bounded views of what was asked, and keyed digests of it.

An *extractor* reads the head and tail of the last user turn and of the
system prompt. It gives an *embedding* (what it is about), a *surface* (how
it is written), *n-grams* (what it is spelled of), a *cell* of a fixed
*codebook* (where on the map it lies) and a *skeleton* with its *slots* (the
template, and what filled it). No text leaves this room.
"""

from detectors.features.extractor import Extractor, Prompt

__all__ = ["Extractor", "Prompt"]
