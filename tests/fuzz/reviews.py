"""Makes up AdmissionReviews: sound ones of every kind that is asked about, then spoilt. Pure, by a given `Random`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

from provisioning.resources import (
    CATALOGS,
    CLUSTER_REQUESTS,
    KUBEVIRT_MACHINE_TEMPLATES,
    MACHINE_DEPLOYMENTS,
    NAMESPACES,
    TENANT_CLUSTERS,
    TENANTS,
    Resource,
)
from tests.webhooks import estate
from tests.webhooks.reviews import body, manifest
from webhooks.defaults import DEFAULTS
from webhooks.policies import POLICIES

Json = Any
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

RULES = tuple(
    sorted(
        {(rule.resource, rule.subresource) for each in (*POLICIES, *DEFAULTS) for rule in each.applies_to},
        key=lambda pair: (pair[0].group, pair[0].plural, pair[1]),
    )
)
"""Every kind and subresource that some rule looks at."""
SOUND: dict[Resource, Callable[[], Json]] = {
    CATALOGS: lambda: estate.CATALOG,
    TENANTS: lambda: estate.TENANT,
    NAMESPACES: lambda: estate.NAMESPACE,
    TENANT_CLUSTERS: estate.cluster,
    CLUSTER_REQUESTS: estate.request,
    KUBEVIRT_MACHINE_TEMPLATES: estate.template,
    MACHINE_DEPLOYMENTS: estate.deployment,
}
GOLDEN = Path(__file__).parents[1] / "golden"


def _rendered() -> Mapping[tuple[str, str], Sequence[Json]]:
    """What we render for whole clusters, by group and kind."""
    found: dict[tuple[str, str], list[Json]] = {}
    for path in sorted(GOLDEN.glob("*.yaml")):
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=_LOADER):
            group = document["apiVersion"].rpartition("/")[0]
            stored = {"uid": "uid-1", "resourceVersion": "7", "namespace": "tenant-blue"}
            meta = {**document["metadata"], **stored}
            found.setdefault((group, document["kind"]), []).append({**document, "metadata": meta})
    return found


RENDERED = _rendered()
KEYS = """
addOns addons args chart chartRef cluster clusterName command containers content controlPlane data desired deployment
digest domain encoding files flavor image infrastructureRef initContainers instancetype items kind kubeConfig max
machineTemplate maxSurge memory metadata min name namespace namespaces network path pools postRenderers replicas request
requester resources rollout secretRef source sourceRef spec strategy template topology user values valuesFrom
valuesTemplate version virtualMachineTemplate volumes votes
""".split()  # noqa: SIM905 - a list of sixty words
TEXTS = (
    "",
    " ",
    "-1",
    "1e30",
    "0.1m",
    "1Ki1",
    "1E",
    "\uff11",
    "9223372036854775808",
    "NaN",
    "Infinity",
    "1_000",
    "null",
    "v1.34.2",
    "small",
    "ConfigMap",
    "../../x",
    "a" * 254,
    "\u0000",
    "\u202e",
    "\U0001f600",
    "kind: Deployment\nspec: {template: {spec: {containers: [{image: cluster-autoscaler}]}}}",
    "&a [*a, *a]",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
    "[" * 300,
    "{{ .Values.x }}",
    "---\n---\n",
    "eyJhIjogMX0=",
    "%",
    "${X}",
)
NUMBERS = (0, 1, -1, 3.5, -0.0, 1e308, 2**31, 2**31 - 1, 2**53 + 1, 2**63, -(2**63) - 1, 2**70, True, False)
USERS = (
    *("ann", "bob", "eve") * 4,
    "system:admin",
    *(f"system:serviceaccount:clusterdesk-system:clusterdesk-{name}" for name in ("bot", "provisioner")),
    *(f"system:serviceaccount:tenant-blue:web-{name}" for name in ("cluster-autoscaler", "csi-controller")),
    "system:serviceaccount:kamaji-system:kamaji",
    "system:serviceaccount::",
    "\u00fc" * 300,
    "",
)
OPERATIONS = ("CREATE", "UPDATE", "DELETE", "CONNECT", "PATCH", "")
SUBRESOURCES = ("", "scale", "status", "exec", "finalizers", "\u00fc/..")


@dataclass(frozen=True)
class Call:
    """What is sent: a body to a path."""

    path: str
    content: bytes


def make(random: Random) -> Call:
    """One call. Most are reviews with some things wrong; some are none any more."""
    review = _review(random)
    for _ in range(random.choice((0, 1, 1, 2, 3, 8))):
        review = _spoil(random, review)
    content = _dump(review)
    if random.random() < 0.15:
        content = random.choice(BREAKERS)(random, content)
    door = random.choice(("validate", "validate", "mutate"))
    timeout = random.choice(("?timeout=10s", "?timeout=10s", "?timeout=5s", "", "?timeout=-1s", "?timeout=1h"))
    return Call(f"/{door}{timeout}", content)


def _review(random: Random) -> Json:
    resource, subresource = random.choice(RULES)
    old, new = _object(random, resource), _object(random, resource)
    operation = random.choice(("create", "update", "delete"))
    return body(
        resource,
        None if operation == "delete" else new,
        old=None if operation == "create" else old,
        user=random.choice(USERS),
        groups=random.choice(((), ("system:masters",), ("blue-team",))),
        subresource=subresource,
        dry_run=random.random() < 0.2,
    )


def _object(random: Random, resource: Resource) -> Json:
    if resource in SOUND and random.random() < 0.6:
        return json.loads(json.dumps(SOUND[resource]()))
    rendered = RENDERED.get((resource.group, resource.kind))
    if rendered and random.random() < 0.7:
        return json.loads(json.dumps(random.choice(rendered)))
    sections = random.sample(("spec", "data", "stringData", "binaryData", "status", "roleRef", "subjects"), 2)
    found = manifest(resource, random.choice(("web", "raw", "big", "a.b", "x" * 63)), {})
    return {**found, **{section: _mapping(random, 4) for section in sections}}


def _tree(random: Random, depth: int) -> Json:
    """Anything, out of the words that rules look for."""
    chance = random.random()
    if depth == 0 or chance < 0.3:
        return _odd(random)
    if chance < 0.5:
        return [_tree(random, depth - 1) for _ in range(random.randrange(3))]
    return _mapping(random, depth)


def _mapping(random: Random, depth: int) -> Json:
    return {random.choice(KEYS): _tree(random, depth - 1) for _ in range(random.randrange(1, 5))}


def _odd(random: Random) -> Json:
    chance = random.random()
    if chance < 0.4:
        return random.choice(TEXTS)
    if chance < 0.7:
        return random.choice(NUMBERS)
    if chance < 0.99:
        return random.choice((None, [], {}, [None], {"": None}, [[]]))
    return _nested(random) if chance < 0.999 else random.choice(("x" * 100_000, list(range(5_000))))


def _nested(random: Random) -> Json:
    found: Json = random.choice(NUMBERS)
    # Not deeper than the writer of JSON goes; what is deeper is made of bytes.
    for _ in range(random.choice((10, 60, 150, 250))):
        found = [found] if random.random() < 0.5 else {random.choice(KEYS): found}
    return found


def _spoil(random: Random, review: Json) -> Json:
    """The review with one thing changed: mostly somewhere in its objects, where rules look."""
    asked = review.get("request")
    if random.random() < 0.1 or not isinstance(asked, dict):
        return _spoil_envelope(random, review)
    objects = [found for key in ("object", "oldObject") if isinstance(found := asked.get(key), dict)]
    places = [place for found in objects for place in _places(found)]
    if not places:
        return review
    # By what is changed, not by depth: most places of an object are in its spec, and so are most rules.
    holder, key = random.choice(places)
    other, place = random.choice(places)
    match random.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[random.choice(KEYS)] = holder.pop(key)
        case 2:
            # A copy, or something could come to contain itself.
            holder[key] = json.loads(json.dumps(other[place]))
        case 3 if isinstance(holder[key], dict | list):
            holder[key] = _tree(random, 4)
        case _:
            holder[key] = _odd(random)
    return review


def _spoil_envelope(random: Random, review: Json) -> Json:
    asked = review.get("request")
    if not isinstance(asked, dict) or random.random() < 0.2:
        change: Json = random.choice(
            ({"apiVersion": "admission.k8s.io/v1beta1"}, {"apiVersion": "v2"}, {"kind": "Pod"}, {"request": None})
        )
        return {**review, **change}
    change = random.choice(
        (
            {"operation": random.choice(OPERATIONS)},
            {"subResource": random.choice(SUBRESOURCES)},
            {"object": None},
            {"oldObject": None},
            {"object": asked.get("oldObject"), "oldObject": asked.get("object")},
            {"object": {}},
            {"oldObject": {"metadata": {}}},
            {"name": random.choice(("", "x", "a/b", "\u00fc" * 300))},
            {"namespace": random.choice(("", "nobodys", "kube-system", "tenant-blue"))},
            {"userInfo": random.choice(({}, {"username": "x"}, {"username": "", "groups": None}, None))},
            {"dryRun": random.choice((None, True, "true"))},
            {"uid": random.choice(("", "u" * 500, None))},
            {"resource": {"group": "", "version": "v1", "resource": random.choice(("pods", "secrets", "x"))}},
        )
    )
    return {**review, "request": {**asked, **change}}


def _places(tree: Json) -> Iterator[tuple[Any, Any]]:
    """Every place in a tree as the list or mapping and the index or key, from top to bottom."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
            yield holder, key
            if isinstance(value, dict | list) and value:
                waiting.append(value)


def _dump(review: Json) -> bytes:
    try:
        return json.dumps(review, allow_nan=True).encode()
    except RecursionError:
        # Depth within depth, more than the library can write; somebody else's could.
        return b'{"a":' * 100_000


def _cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _flip(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]


def _into_a_text(odd: bytes) -> Callable[[Random, bytes], bytes]:
    return lambda random, content: content.replace(b'": "', b'": "' + odd, random.randrange(1, 4))


def _for_a_value(odd: bytes) -> Callable[[Random, bytes], bytes]:
    return lambda random, content: content.replace(b'"metadata": {', b'"metadata": {"odd": ' + odd + b", ", 1)


BREAKERS: tuple[Callable[[Random, bytes], bytes], ...] = (
    _cut,
    _flip,
    lambda random, content: content + content,
    lambda random, content: b"\xef\xbb\xbf" + content,
    lambda random, content: content.replace(b'"kind"', b'"kind": "Odd", "kind"', random.randrange(1, 9)),
    lambda random, content: content.replace(b'"spec": {', b'"spec": null, "spec": {', 1),
    _into_a_text(b"\xff\xfe"),
    _into_a_text(b"\\ud800"),
    _into_a_text(b"\\u0000"),
    _into_a_text(b"\xed\xa0\x80"),
    *map(_for_a_value, (b"NaN", b"-Infinity", b"1e999", b"0" * 40 + b"1", b"9" * 400, b"'x'")),
    *(_for_a_value(b"[" * depth + b"]" * depth) for depth in (400, 900, 990, 10_000)),
    *(_for_a_value(b'{"a":' * depth + b"1" + b"}" * depth) for depth in (450, 960, 10_000)),
)
"""What JSON of a program does not become by itself."""
