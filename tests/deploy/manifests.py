"""What is shipped for running revenuer in containers, read as the tools read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from service.secrets import Secrets
from service.settings import ENVIRONMENT
from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OURS = {*ENVIRONMENT, *(f"{name}_FILE" for name in ENVIRONMENT), "REVENUER_CONFIG"}
"""Variables that revenuer reads."""
KEYS = tuple(Secrets.__dataclass_fields__)
NUMBER = 10001
"""The user of the image."""


def compose(name: str = "docker-compose.yml") -> dict[str, Any]:
    """A compose file, anchors resolved."""
    read: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return read


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    """What a service of a compose file finds."""
    return dict(service.get("environment", {}))


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of the Kubernetes manifests."""

    file: str
    body: dict[str, Any]

    @property
    def kind(self) -> str:
        """As in ``Deployment``."""
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        """Its own."""
        return str(self.body["metadata"]["name"])

    @property
    def spec(self) -> dict[str, Any]:
        """What is wanted."""
        return dict(self.body["spec"])

    @property
    def pod(self) -> dict[str, Any]:
        """The pod of what makes pods."""
        return dict(self.spec["template"]["spec"])

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All of the pod's, the first ones too."""
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]


def kustomization() -> dict[str, Any]:
    """What binds the manifests together."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "deploy/kubernetes/kustomization.yaml").read_text())
    return read


def manifests() -> Iterator[Manifest]:
    """Every object of every file."""
    for file in sorted((ROOT / "deploy/kubernetes").glob("*.yaml")):
        if file.name != "kustomization.yaml":
            for body in yaml.safe_load_all(file.read_text()):
                yield Manifest(file.name, body)


def of_kind(*kinds: str) -> dict[str, Manifest]:
    """Name -> object, of these kinds."""
    return {manifest.name: manifest for manifest in manifests() if manifest.kind in kinds}
