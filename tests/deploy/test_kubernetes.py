"""What the Kubernetes manifests promise, held without a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from service.settings import load
from tests.deploy.manifests import KEYS, NUMBER, OURS, Manifest, kustomization, manifests, of_kind

PODS = of_kind("StatefulSet", "Deployment", "Job")
SERVERS = {name: manifest for name, manifest in PODS.items() if manifest.kind != "Job"}


def given() -> dict[str, str]:
    """The variables of every container."""
    literals = kustomization()["configMapGenerator"][0]["literals"]
    return dict(literal.split("=", 1) for literal in literals)


def ports(manifest: Manifest) -> dict[str, int]:
    """Name -> number of the container's ports."""
    return {port["name"]: port["containerPort"] for port in manifest.pod["containers"][0].get("ports", [])}


def probes(manifest: Manifest) -> dict[str, Any]:
    """Kind -> probe of the container."""
    container = manifest.pod["containers"][0]
    return {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}


def test_every_file_is_applied() -> None:
    """No manifest lies beside the list of what is applied."""
    assert set(kustomization()["resources"]) == {manifest.file for manifest in manifests()}


def test_what_runs() -> None:
    """Gateways with a volume each, workers and control without, after one job for the schema."""
    assert {name: manifest.kind for name, manifest in PODS.items()} == {
        "gateway": "StatefulSet",
        "worker": "Deployment",
        "control": "Deployment",
        "schema": "Job",
    }
    for role, manifest in SERVERS.items():
        assert manifest.pod["containers"][0]["args"] == ["revenuer", "serve", "--role", role]
        assert manifest.spec["replicas"] >= 2
    assert PODS["schema"].pod["containers"][0]["args"] == ["revenuer", "db", "upgrade"]


def test_every_variable_is_known() -> None:
    """Revenuer reads each variable, and takes its value."""
    variables = given()
    assert variables.keys() <= OURS
    load(environment={name: value for name, value in variables.items() if not name.endswith("_FILE")})


def test_secrets_are_files_of_their_reader_alone() -> None:
    """Each named file is copied from the mounted secret into memory, with a mode that revenuer takes."""
    wanted = {*KEYS, *(value.rpartition("/")[2] for name, value in given().items() if name.endswith("_FILE"))}
    for manifest in PODS.values():
        first = manifest.pod["initContainers"][0]
        assert first["command"][:2] == ["install", "--mode=0400"]
        assert {word.rpartition("/")[2] for word in first["command"] if word.startswith("/mounted/")} == wanted
        volumes = {volume["name"]: volume for volume in manifest.pod["volumes"]}
        assert volumes["secrets"]["emptyDir"]["medium"] == "Memory"
        assert volumes["mounted"]["secret"] == {"secretName": "revenuer", "defaultMode": 0o440}
    assert not of_kind("Secret")


@pytest.mark.parametrize("manifest", PODS.values(), ids=PODS)
def test_every_pod_is_shut_in(manifest: Manifest) -> None:
    """What the 'restricted' standard asks, and a root file system that nobody writes to."""
    security = manifest.pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == NUMBER
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert manifest.pod["automountServiceAccountToken"] is False
    for container in manifest.containers:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
    namespace = of_kind("Namespace")["revenuer"].body["metadata"]["labels"]
    assert namespace["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("manifest", SERVERS.values(), ids=SERVERS)
def test_every_server_is_probed(manifest: Manifest) -> None:
    """A start may take its time, a process that hangs is ended; every probe asks a port that the container has."""
    found = probes(manifest)
    assert found.keys() >= {"startupProbe", "livenessProbe"}
    assert {probe["port"] for probe in found.values()} <= ports(manifest).keys()
    assert {found[name]["path"].rpartition("/")[2] for name in ("startupProbe", "livenessProbe")} == {"healthz"}


def test_ports_are_the_settings_own() -> None:
    """The numbers are those of the image's settings and of the metrics' address."""
    assert ports(PODS["gateway"]) == {"proxy": 8080, "metrics": 9090}
    assert ports(PODS["worker"]) == {"metrics": 9090}
    assert ports(PODS["control"]) == {"control": 8081}
    assert given()["REVENUER_METRICS"].endswith(":9090")


def test_services_find_their_pods() -> None:
    """Each service selects pods that exist and a port that they have."""
    for service in of_kind("Service").values():
        target = PODS[service.spec["selector"]["role"]]
        assert target.spec["selector"]["matchLabels"] == service.spec["selector"]
        assert target.spec["template"]["metadata"]["labels"] == service.spec["selector"]
        assert {port["targetPort"] for port in service.spec["ports"]} <= ports(target).keys()
    assert PODS["gateway"].spec["serviceName"] in of_kind("Service")


def test_the_spool_outlives_its_pod() -> None:
    """It is on a claimed volume that is kept when the pod, the number of pods or the whole set goes."""
    gateway = PODS["gateway"].spec
    assert [claim["metadata"]["name"] for claim in gateway["volumeClaimTemplates"]] == ["data"]
    assert gateway["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    mounts = PODS["gateway"].pod["containers"][0]["volumeMounts"]
    assert {"name": "data", "mountPath": "/data"} in mounts
    assert PODS["gateway"].pod["terminationGracePeriodSeconds"] > 60


def test_gateways_scale_on_cpu_and_workers_on_lag() -> None:
    """And no further than there is work to share out: a partition has one worker."""
    scalers = of_kind("HorizontalPodAutoscaler")
    assert scalers.keys() == {"gateway", "worker"}
    for name, scaler in scalers.items():
        assert scaler.spec["scaleTargetRef"]["kind"] == PODS[name].kind
        assert scaler.spec["minReplicas"] == PODS[name].spec["replicas"]
    assert scalers["gateway"].spec["metrics"][0]["resource"]["name"] == "cpu"
    assert "cpu" in PODS["gateway"].pod["containers"][0]["resources"]["requests"]
    assert scalers["worker"].spec["metrics"][0]["pods"]["metric"] == {"name": "revenuer_lag_seconds"}
    assert scalers["worker"].spec["maxReplicas"] <= load(environment={}).partitions


def test_a_drain_takes_one_at_a_time() -> None:
    """Every server has a disruption budget over exactly its pods."""
    budgets = of_kind("PodDisruptionBudget")
    assert budgets.keys() == SERVERS.keys()
    for name, budget in budgets.items():
        assert budget.spec["maxUnavailable"] == 1
        assert budget.spec["selector"] == SERVERS[name].spec["selector"]


def test_only_the_proxy_is_open() -> None:
    """Nothing comes in but to the data port, and to the metrics from where that is allowed."""
    policies = of_kind("NetworkPolicy")
    assert policies["nothing-comes-in"].spec == {"podSelector": {}, "policyTypes": ["Ingress"]}
    unlimited = {
        name for name, policy in policies.items() if any("from" not in r for r in policy.spec.get("ingress", []))
    }
    assert unlimited == {"gateway"}
    assert policies["gateway"].spec["ingress"] == [{"ports": [{"port": "proxy"}]}]
