"""Finds a controller that belongs beside the control plane in what is about to go into a tenant. Pure.

Looks into manifests, chart names, chart values, YAML texts and shell scripts. Knows no kind and no client; which
fields of which kind hold such content is `webhooks.carriers`' business. A YAML text so deep that nobody can have meant
it raises `documents.TooDeep`: it is not looked through, and so must not pass.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioning import documents
from provisioning.components import COMPONENTS, WORDS, Component, image_name

NODES_MAX = 100_000
"""Nodes of a document that are looked at. YAML aliases can make a small text into an endless tree."""

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_IMAGE_KEYS = ("image", "repository", "newName")


@dataclass(frozen=True)
class Finding:
    """A component, where it was found (a field path) and by what."""

    component: Component
    field: str
    evidence: str


def in_chart(name: str, *, at: str) -> list[Finding]:
    """A chart by its name, or by the last element of an OCI address."""
    short = image_name(name)
    return [Finding(c, at, f"the chart {short}") for c in COMPONENTS if c.charts.fullmatch(short)]


def in_values(values: Any, *, at: str) -> list[Finding]:
    """Values of a chart: switches, images, and whole manifests or texts among them."""
    found = list(_in_pods(values, at))
    for path, key, value in _leaves(values, at):
        setting = f"{key}={value}"
        found += [Finding(c, path, f"the value {setting}") for c in COMPONENTS if c.values.fullmatch(setting)]
        if "\n" in value:
            found += in_text(value, at=path)
        elif key in _IMAGE_KEYS or ("/" in value and "://" not in value and not value.startswith("-")):
            found += _by_image(value, path)
    return _distinct(found)


def in_yaml_values(text: str, *, at: str) -> list[Finding]:
    """Values of a chart written as one text; nothing when it is no YAML (a template before it is rendered)."""
    return [f for document in _documents(text) for f in in_values(document, at=at)] if WORDS.search(text) else []


def in_text(text: str, *, at: str) -> list[Finding]:
    """YAML or JSON documents if it is that, else a script."""
    if not WORDS.search(text):
        return []
    found = _documents(text)
    if not found:
        return in_script(text, at=at)
    return _distinct([f for document in found for f in _in_document(document, at)])


def in_script(text: str, *, at: str) -> list[Finding]:
    """Commands: images, programs, charts and flags named in them. Lines that are comments do not count."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    words = [w for line in lines for w in re.split(r"[\s\"'`,;|&()<>{}]+", line) if w]
    flags = _flags(words)
    found = [Finding(c, at, f"the flag {flag}") for flag in flags for c in COMPONENTS if c.has(flag)]
    for word in words:
        elements = {image_name(element) for element in re.split(r"[/=]", word.partition("@")[0])}
        for c in COMPONENTS:
            shared = c.shared_images if c.node_only not in flags else frozenset()
            found += [Finding(c, at, name) for name in sorted(elements & (c.images | shared))]
    return _distinct(found)


def _documents(text: str) -> list[Any]:
    """The mappings and lists in a YAML text; none when it is a script or broken. Raises `TooDeep`."""
    try:
        return [d for d in documents.read(text) if isinstance(d, Mapping | list)]
    except documents.Unreadable:
        return []


def _in_document(document: Any, at: str) -> Iterator[Finding]:
    yield from _in_pods(document, at)
    for path, _, value in _leaves(document, at):
        # Files of cloud-init, scripts in ConfigMaps, manifests in manifests.
        if "\n" in value and WORDS.search(value):
            yield from in_text(value, at=path)


def _in_pods(tree: Any, at: str) -> Iterator[Finding]:
    for path, node in _walk(tree, at):
        if isinstance(node, Mapping) and any(isinstance(node.get(key), list) for key in _CONTAINERS):
            yield from _in_pod(node, path)


def _in_pod(pod: Mapping[str, Any], at: str) -> Iterator[Finding]:
    containers = [
        (f"{at}.{key}[{index}]" if at else f"{key}[{index}]", container)
        for key in _CONTAINERS
        for index, container in enumerate(_list(pod.get(key)))
        if isinstance(container, Mapping)
    ]
    images = {image_name(str(container.get("image", ""))) for _, container in containers}
    for path, container in containers:
        for component in COMPONENTS:
            evidence = _why(component, container, images)
            if evidence:
                yield Finding(component, path, evidence)


def _why(component: Component, container: Mapping[str, Any], images: set[str]) -> str:
    """By what this container is that component; empty when it is not."""
    image = image_name(str(container.get("image", "")))
    words = [str(w) for key in ("command", "args") for w in _list(container.get(key))]
    words = [w for text in words for w in re.split(r"[\s;|&()]+", text.replace('"', "").replace("'", "")) if w]
    flags = _flags(words)
    if image in component.images:
        return f"the image {image}"
    if image in component.shared_images and (component.node_only not in flags or images & component.sidecars):
        return f"the image {image} without {component.node_only}, or beside its sidecars"
    for flag in flags:
        if component.has(flag):
            return f"the flag {flag}"
    for word in words:
        # A program that is run, not one that is spoken of: --target=deployment/cluster-autoscaler.
        if not word.startswith("-") and image_name(word) in component.images:
            return f"the program {word}"
    names = {str(e.get("name", "")) for e in _list(container.get("env")) if isinstance(e, Mapping)}
    for name in sorted(names & component.environment):
        return f"the environment variable {name}"
    return ""


def _by_image(value: str, path: str) -> Iterator[Finding]:
    name = image_name(value)
    for component in COMPONENTS:
        if name in component.images:
            yield Finding(component, path, f"the image {name}")


def _flags(words: Sequence[str]) -> list[str]:
    """`-a=b`, `--a=b`, `--a b` and `--a="b"` all become `--a=b`."""
    found: list[str] = []
    for word, following in itertools.zip_longest(words, words[1:], fillvalue=""):
        if not word.startswith("-"):
            continue
        flag = "--" + word.lstrip("-").replace('"', "").replace("'", "")
        found.append(flag)
        if "=" not in flag and following and not following.startswith("-"):
            found.append(f"{flag}={following}")
    return found


def _leaves(tree: Any, at: str) -> Iterator[tuple[str, str, str]]:
    """Every scalar: its path, its key (of the nearest mapping) and its text."""
    for path, node in _walk(tree, at):
        if isinstance(node, bool | int | float):
            yield path, _key(path), str(node).lower()
        elif isinstance(node, str):
            yield path, _key(path), node


def _walk(tree: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Every node with its path. Not recursive, and not endless."""
    stack = [(at, tree)]
    for _ in range(NODES_MAX):
        if not stack:
            return
        path, node = stack.pop()
        yield path, node
        if isinstance(node, Mapping):
            stack += [(f"{path}.{key}" if path else str(key), value) for key, value in reversed(list(node.items()))]
        elif isinstance(node, list):
            stack += [(f"{path}[{index}]", value) for index, value in reversed(list(enumerate(node)))]


def _key(path: str) -> str:
    return re.sub(r"(\[[0-9]+\])+$", "", path).rpartition(".")[2]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _distinct(findings: Sequence[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))
