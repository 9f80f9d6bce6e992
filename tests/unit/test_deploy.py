"""What deploy/ says, held against the product and against itself. No container runs here."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.security import AllowedHosts, refuse_unsafe_exposure
from app.settings import Settings, load_settings
from tests.unit.test_setup_files import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
KUBERNETES = DEPLOY / "kubernetes"
SETTINGS = {str(field.validation_alias) for field in Settings.model_fields.values()}
ANCHORS = ("x-",)
DRAIN_S = Settings.model_fields["drain_ms"].default / 1000
# What docs/workers.md asks to be given to a worker beyond that.
SPARE_S = 10


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    return found


def manifests() -> list[dict[str, Any]]:
    """Return all objects that the kustomization names."""
    named = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    files = {file.name for file in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(named)
    return [one for name in named for one in yaml.safe_load_all((KUBERNETES / name).read_text())]


def named(kind: str, name: str) -> dict[str, Any]:
    [found] = [m for m in manifests() if (m["kind"], m["metadata"]["name"]) == (kind, name)]
    return found


WORKLOADS = [("StatefulSet", "web"), ("Deployment", "worker")]


def container(kind: str, name: str) -> dict[str, Any]:
    [found] = named(kind, name)["spec"]["template"]["spec"]["containers"]
    return dict(found)


# --- compose --------------------------------------------------------------------------------------


def test_compose_names_only_what_it_defines() -> None:
    whole = compose()
    for name, service in whole["services"].items():
        for secret in service.get("secrets", ()):
            source = secret if isinstance(secret, str) else secret["source"]
            assert source in whole["secrets"], name
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in whole["volumes"], name
        assert set(service["networks"]) <= set(whole["networks"]), name
        for other, how in service.get("depends_on", {}).items():
            other_service = whole["services"][other]
            healthy = how["condition"] == "service_healthy"
            assert ("healthcheck" in other_service) or not healthy, (name, other)


def test_compose_opens_one_port_and_that_to_this_machine_only() -> None:
    services = compose()["services"]
    ports = {name: s["ports"] for name, s in services.items() if "ports" in s}
    assert ports == {"web": ["127.0.0.1:8501:8501"]}
    assert compose()["networks"]["inside"]["internal"] is True
    assert [name for name, s in services.items() if "outside" in s["networks"]] == ["web"]


def test_images_are_pinned() -> None:
    images = [service["image"] for service in compose()["services"].values()]
    kustomized = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["images"]
    images += [f"{one['name']}:{one['newTag']}" for one in kustomized]
    for image in images:
        name, _, tag = image.partition(":")
        assert re.search(r"\d", tag), image
        assert "latest" not in tag
        # No registry's host: whoever deploys has their own.
        assert "." not in name.partition("/")[0]
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M)
    assert version
    assert f"partyline:{version[1]}" in images
    assert all(container(*w)["image"] == "partyline" for w in WORKLOADS)


def test_no_secret_stands_in_an_environment() -> None:
    text = "\n".join(p.read_text() for p in DEPLOY.rglob("*.yaml"))
    for name in ("PASSWORD", "SECRET_ACCESS_KEY", "PARTYLINE_KEY", "DATABASE_URL", "API_TOKEN"):
        assert not re.search(rf"^\s*\S*{name}: ", text, re.M), name
    for example in DEPLOY.rglob("*.example"):
        assert 'PARTYLINE_KEY = ""' in example.read_text()
    kept = subprocess.run(
        ["git", "check-ignore", "-q", "deploy/kubernetes/secrets.toml",
         "deploy/compose/secrets/partyline.toml"],
        cwd=ROOT,
    )  # fmt: skip
    assert kept.returncode in (0, 128)


def set_names() -> Iterator[str]:
    """Yield every name that is set for web or worker anywhere in deploy/."""
    for name in ("web", "worker"):
        yield from compose()["services"][name]["environment"]
    yield from named("ConfigMap", "partyline")["data"]
    for workload in WORKLOADS:
        yield from (one["name"] for one in container(*workload).get("env", ()))
    for example in DEPLOY.rglob("*.example"):
        yield from re.findall(r"^([A-Z_]+) =", example.read_text(), re.M)


def test_every_setting_exists() -> None:
    names = set(set_names())
    assert {"STORAGE_URL", "DATABASE_URL", "PARTYLINE_KEY", "WORKER_ID"} <= names
    assert names <= SETTINGS


def test_in_the_cluster_people_sign_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server that listens for a cluster must not be anybody's who reaches it."""
    given = named("ConfigMap", "partyline")["data"]
    example = tomllib.loads((KUBERNETES / "secrets.toml.example").read_text())
    filled = {name: value or "0123456789abcdef" * 4 for name, value in example.items()}
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    monkeypatch.setitem(Settings.model_config, "toml_file", tmp_path / "none.toml")
    for name, value in {**given, **filled, "HOST": "0.0.0.0"}.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.has_login
    assert not settings.allow_anonymous
    refuse_unsafe_exposure(settings)


def client_version() -> int:
    """Return which version of PostgreSQL's programs the image brings."""
    found = re.search(r"postgresql-client-(\d+)", (ROOT / "Dockerfile").read_text())
    assert found
    return int(found[1])


def test_the_image_can_back_up_the_database_beside_it() -> None:
    """pg_dump takes no server that is newer than itself."""
    server = re.fullmatch(
        r"postgres:(\d+)\.\d+-bookworm", compose()["services"]["postgres"]["image"]
    )
    assert server
    assert client_version() >= int(server[1])
    assert "bookworm" in (ROOT / "Dockerfile").read_text()
    assert f"no newer than {client_version()}" in (KUBERNETES / "kustomization.yaml").read_text()
    assert f"PostgreSQL {client_version()}" in (ROOT / "docs/deploying.md").read_text()


def test_compose_backs_up_when_asked_for_it() -> None:
    whole = compose()
    backup = whole["services"]["backup"]
    assert backup["profiles"] == ["backup"]
    assert backup["restart"] == "no"
    assert [name for name, s in whole["services"].items() if "profiles" in s] == ["backup"]
    mounted = dict(volume.split(":") for volume in backup["volumes"])
    # With the data folder of the others they also wait for one another.
    assert mounted == {"data": "/data", "backups": backup["command"][0]}
    assert backup["environment"] == whole["x-partyline"]["environment"]
    assert f"-g partyline /data {backup['command'][0]}" in (ROOT / "Dockerfile").read_text()
    assert commands_of("backup") >= {"prune"}


def commands_of(name: str) -> set[str]:
    """Return the subcommands of ``partyline``'s command of this name."""
    from app.backups import backups

    assert name == "backup"
    return {str(command.name) for command in backups.registered_commands}


def test_parts_of_broken_uploads_are_cleared() -> None:
    assert compose()["services"]["s3"]["environment"]["MINIO_API_STALE_UPLOADS_EXPIRY"] == "24h"


# --- Kubernetes -----------------------------------------------------------------------------------


def test_every_object_says_what_it_is() -> None:
    kinds = [(m["apiVersion"], m["kind"]) for m in manifests()]
    assert len(kinds) > 8
    assert all(m["metadata"]["name"] for m in manifests())
    assert ("apps/v1", "StatefulSet") in kinds
    assert ("keda.sh/v1alpha1", "ScaledObject") in kinds


def test_selectors_find_their_pods() -> None:
    labels = {
        name: named(kind, name)["spec"]["template"]["metadata"]["labels"]
        for kind, name in WORKLOADS
    }
    for kind, name in WORKLOADS:
        assert named(kind, name)["spec"]["selector"]["matchLabels"] == labels[name]
        assert named("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"] == labels[name]
    service = named("Service", "web")["spec"]
    assert service["selector"] == labels["web"]
    assert service["sessionAffinity"] == "ClientIP"
    assert named("StatefulSet", "web")["spec"]["serviceName"] == "web"
    assert named("NetworkPolicy", "web")["spec"]["podSelector"]["matchLabels"] == labels["web"]
    backend = named("Ingress", "web")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert (backend["name"], backend["port"]["name"]) == ("web", service["ports"][0]["name"])
    assert named("ScaledObject", "worker")["spec"]["scaleTargetRef"]["name"] == "worker"


def test_nobody_comes_in_unless_a_policy_says_so() -> None:
    everyone = named("NetworkPolicy", "nobody")["spec"]
    assert everyone == {"podSelector": {}, "policyTypes": ["Ingress"]}
    [rule] = named("NetworkPolicy", "web")["spec"]["ingress"]
    assert all("namespaceSelector" in source for source in rule["from"])
    assert rule["ports"] == [{"port": 8501}]


@pytest.mark.parametrize("workload", WORKLOADS, ids=["web", "worker"])
def test_pods_run_as_nobody_special_and_end_with_time_to_spare(workload: tuple[str, str]) -> None:
    pod = named(*workload)["spec"]["template"]["spec"]
    own = container(*workload)
    user = re.search(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())
    assert user
    assert pod["securityContext"]["runAsUser"] == int(user[1])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert own["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert own["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod["terminationGracePeriodSeconds"] >= DRAIN_S + SPARE_S
    assert {"cpu", "memory"} <= own["resources"]["requests"].keys()
    volumes = {v["name"] for v in pod["volumes"]} | {
        claim["metadata"]["name"]
        for claim in named(*workload)["spec"].get("volumeClaimTemplates", ())
    }
    mounts = {mount["name"]: mount["mountPath"] for mount in own["volumeMounts"]}
    assert mounts.keys() == volumes
    assert mounts["data"] == "/data"
    assert mounts["secrets"] == "/opt/partyline/.streamlit/secrets.toml"


def test_backups_are_made_one_at_a_time_by_the_image_s_user() -> None:
    job = named("CronJob", "backup")["spec"]
    assert job["concurrencyPolicy"] == "Forbid"
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    worker = named("Deployment", "worker")["spec"]["template"]["spec"]
    assert pod["securityContext"] == worker["securityContext"]
    assert pod["automountServiceAccountToken"] is False
    [own] = pod["containers"]
    assert own["image"] == "partyline"
    assert own["envFrom"] == container("Deployment", "worker")["envFrom"]
    assert own["securityContext"]["capabilities"]["drop"] == ["ALL"]
    mounts = {mount["name"]: mount["mountPath"] for mount in own["volumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    lines = own["command"][-1].splitlines()
    assert [line.split()[:2] for line in lines] == [["./bin/partyline", "backup"]] * 2
    assert lines[1].split()[2] in commands_of("backup")
    assert all(mounts["backups"] in line for line in lines)
    claims = [
        v["persistentVolumeClaim"]["claimName"] for v in pod["volumes"] if v["name"] == "backups"
    ]
    assert named("PersistentVolumeClaim", claims[0])


def test_probes_ask_for_what_the_server_answers() -> None:
    from app.routes import health

    answered = {route.path for route in health.routes(lambda: None)}  # type: ignore[arg-type, return-value]
    hosts = AllowedHosts(
        names=frozenset(
            named("ConfigMap", "partyline")["data"]["PARTYLINE_ALLOWED_HOSTS"].split(",")
        )
    )
    web = container("StatefulSet", "web")
    [port] = web["ports"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = web[probe]["httpGet"]
        assert asked["path"] in answered
        # The kubelet knows a pod by its address, and names it so, as Prometheus does.
        assert hosts.allow("10.1.2.3", asked["path"])
        assert asked["port"] == port["name"]
    scraped = named("StatefulSet", "web")["spec"]["template"]["metadata"]["annotations"]
    assert hosts.allow("10.1.2.3", scraped["prometheus.io/path"])
    assert web["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert f"PORT={port['containerPort']}" in (ROOT / "Dockerfile").read_text()


def test_the_worker_s_probe_finds_its_heartbeat(tmp_path: Path) -> None:
    from services.jobs.liveness import WorkerPresence

    worker = container("Deployment", "worker")
    shell, flag, script = worker["livenessProbe"]["exec"]["command"]
    script = script.replace("/data/workers", str(tmp_path))

    def beats() -> bool:
        return subprocess.run([shell, flag, script], capture_output=True).returncode == 0

    assert not beats()
    with WorkerPresence(tmp_path, "worker-0").hold():
        deadline = 100
        while not beats() and deadline:
            deadline -= 1
        assert beats()


def test_kustomize_takes_it(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    shutil.copytree(KUBERNETES, tmp_path / "k")
    shutil.copy(KUBERNETES / "secrets.toml.example", tmp_path / "k" / "secrets.toml")
    built = subprocess.run(
        [kubectl, "kustomize", str(tmp_path / "k")], capture_output=True, text=True, timeout=60
    )
    assert built.returncode == 0, built.stderr
    made = list(yaml.safe_load_all(built.stdout))
    assert {m["kind"] for m in made} == {m["kind"] for m in manifests()} | {"Secret"}
    images = {
        c["image"]
        for m in made
        if m["kind"] in {"StatefulSet", "Deployment"}
        for c in m["spec"]["template"]["spec"]["containers"]
    }
    assert len(images) == 1


def test_workers_grow_with_a_measure_that_there_is() -> None:
    [trigger] = named("ScaledObject", "worker")["spec"]["triggers"]
    asked = re.findall(r"partyline_\w+", trigger["metadata"]["query"])
    measured = (ROOT / "app/routes/measures.py").read_text()
    assert asked
    assert all(f'"{name}"' in measured for name in asked)
