"""What keeps a cluster: which conditions are told of, in which order, and what is never said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from provisioning import diagnosis, plain
from provisioning.diagnosis import SYMPTOMS, Diagnosis
from provisioning.happenings import TOLD, Whose
from tests.provisioning.rules.test_happenings import event

SINCE = "2026-08-03T11:00:00Z"


def part(kind: str, name: str, *conditions: tuple[str, ...]) -> dict[str, Any]:
    """Conditions are a type, a status, a reason and a message."""
    fields = ("type", "status", "reason", "message")
    listed = [dict(zip(fields, each, strict=False)) | {"lastTransitionTime": SINCE} for each in conditions]
    return {"kind": kind, "metadata": {"name": name}, "status": {"conditions": listed}}


def of(*manifests: Any, events: Any = ()) -> Diagnosis:
    return diagnosis.of(manifests, events, whose=Whose("web"))


def test_the_deepest_comes_first_with_its_own_words() -> None:
    found = of(
        part("Cluster", "web", ("Available", "False", "NotAvailable", "waits for workers")),
        part("Machine", "web-md0-x", ("BootstrapConfigReady", "False", "NotReady", "no data")),
        part("KubevirtMachine", "web-md0-x", ("VMProvisioned", "False", "Unschedulable", "0/3 nodes\nhave room")),
    ).symptoms

    assert [(it.kind, it.name) for it in found] == [
        ("KubevirtMachine", "web-md0-x"),
        ("Machine", "web-md0-x"),
        ("Cluster", "web"),
    ]
    assert (found[0].condition, found[0].reason, found[0].message) == (
        *("VMProvisioned", "Unschedulable", "0/3 nodes have room"),
    )
    assert found[0].since == datetime(2026, 8, 3, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("condition", "is_wrong"),
    [
        (("Ready", "False"), True),
        (("Ready", "True"), False),
        (("Ready", "Unknown"), False),
        (("Deleting", "False"), False),
        (("ScalingUp", "False"), False),
        (("Stalled", "False"), False),
        (("Stalled", "True"), True),
        (("ReplicaFailure", "True"), True),
    ],
)
def test_wrong_is_what_its_own_kind_of_condition_calls_so(condition: tuple[str, ...], *, is_wrong: bool) -> None:
    assert bool(of(part("Machine", "web-1", condition)).symptoms) is is_wrong


def test_a_summary_speaks_only_where_nothing_else_does() -> None:
    below, summary = ("NodeHealthy", "False", "Lost", "no heartbeat"), ("Ready", "False", "NotReady", "see NodeHealthy")
    (found,) = of(part("Machine", "web-1", summary, below)).symptoms
    assert found.condition == "NodeHealthy"
    (alone,) = of(part("Machine", "web-1", summary)).symptoms
    assert alone.condition == "Ready"


def test_of_many_a_few_are_told_and_the_rest_is_counted() -> None:
    many = [part("Machine", f"web-{number}", ("Ready", "False")) for number in range(SYMPTOMS + 3)]
    found = of(*many, events=[event(f"web-{number}") for number in range(TOLD + 3)])
    assert (len(found.symptoms), found.more_symptoms, len(found.happenings)) == (SYMPTOMS, 3, TOLD)


def test_machines_are_known_by_the_machine_deployments_that_carry_the_label_of_the_cluster() -> None:
    parts = [part("MachineDeployment", "web-md0"), part("Machine", "web-md0-x")]
    whose = diagnosis.whose(parts, cluster="web", others=("api",))
    assert whose == Whose("web", ("api",), pools=("web-md0",))
    unseen = diagnosis.whose((), cluster="web", others=(), unseen=("MachineDeployment", "Event"))
    assert unseen == Whose("web", (), pools=None)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("pull https://bob:hunter2@registry.example/x: 401", "pull https://(left out)@registry.example/x: 401"),
        ("kubeadm join --token abcdef.0123456789abcdef now", "kubeadm join --token (left out) now"),
        ("password=hunter2, and more", "(left out), and more"),
        ("-----BEGIN EC PRIVATE KEY----- MHc -----END EC PRIVATE KEY----- read", "(left out) read"),
        ("client_secret=abc, DB_PASSWORD: def", "client_(left out), DB_(left out)"),
        ('{\\"password\\":\\"a b\\"} is wrong', '{\\"(left out)} is wrong'),
        ("Authorization: Basic YWJj refused", "(left out) refused"),
        ("secret_access_key='a b' and api-key=x", "(left out) and (left out)"),
        ("tls.key LS0tLS1CRUdJTiBQUklWQVRF== read", "tls.key (left out) read"),
        ("xoxb-1234567890-abc is no token", "(left out) is no token"),
        ("KubevirtMachine build-7-md0-x: Unschedulable", "KubevirtMachine build-7-md0-x: Unschedulable"),
        ("Secret web-kubeconfig not found", "Secret web-kubeconfig not found"),
    ],
)
def test_nothing_secret_is_told(said: str, shown: str) -> None:
    assert plain.without_secrets(said) == shown
    (found,) = of(part("Machine", "web-1", ("Ready", "False", "R", said))).symptoms
    (told,) = of(events=[event("web", said)]).happenings
    assert (found.message, told.note) == (shown, shown)
