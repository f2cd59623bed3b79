"""The stream between gateways and workers, on Redis or Valkey."""

from __future__ import annotations
