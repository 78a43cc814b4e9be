"""Finds a controller that belongs beside the control plane in what is about to go into a tenant. Pure.

Looks into manifests, chart names, chart values, YAML texts and shell scripts. Knows no kind and no client; which
fields of which kind hold such content is for others to say (`webhooks.parts`). Content so deep or so large that nobody
can have meant it raises `documents.Overgrown`: it is not looked through, and so must not pass.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioning import documents
from provisioning.components import COMPONENTS, HINTED, Component, image_name, is_worth_reading
from webhooks import containers, hints, tree
from webhooks.parts import Form, Part

LINES_MAX = 20_000
"""Different lines of one script, and different words of those that are worth reading."""
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_IMAGE_KEYS = ("image", "repository", "newName")
_IMAGE_PARTS = (".image.name", ".image.value")
_ESCAPED = re.compile(r"\\(?:[xuU][0-9a-fA-F]{2}|\n)")
"""By these a text in quotes can spell a word so that a search does not see it."""


@dataclass(frozen=True)
class Finding:
    """A component, where it was found (a field path) and by what."""

    component: Component
    field: str
    evidence: str
    certain: bool = True
    """Names alone are no proof."""


def find(part: Part) -> list[Finding]:
    """All that is in the part. Raises `Overgrown`."""
    match part.form:
        case Form.CHART:
            return in_chart(part.content, at=part.field)
        case Form.VALUES:
            return in_values(part.content, at=part.field)
        case Form.VALUES_TEXT:
            return in_yaml_values(part.content, at=part.field)
        case Form.TEXT:
            return in_text(part.content, at=part.field)
        case Form.CONTENT:
            return in_content(part.content, at=part.field)
        case Form.SCRIPT:
            return in_script(part.content, at=part.field)
        case Form.SETTINGS:
            return in_settings(part.content, at=part.field)
        case Form.ADDRESSES:
            return []


def in_chart(name: str, *, at: str) -> list[Finding]:
    """A chart by its name, or by the last element of an OCI address."""
    short = image_name(name)
    return [Finding(c, at, f"the chart {short}") for c in COMPONENTS if c.charts.fullmatch(short)]


def in_values(values: Any, *, at: str) -> list[Finding]:
    """Values of a chart: switches, images, and whole manifests or texts among them."""
    found, read, hinted = list(_in_pods(values, at)), set[str](), dict[str, str]()
    for path, key, value in tree.leaves(values, at):
        if key in HINTED:
            hinted[path] = value
        if not _may_hold(f"{key}={value}"):
            continue
        signs = ((c, c.sign_of_value(key, value)) for c in COMPONENTS)
        found += [Finding(c, path, f"the value {sign}") for c, sign in signs if sign]
        if _is_content(value):
            found += in_text(value, at=path) if value not in read else []
            read.add(value)
        elif _is_image(path, key) or ("/" in value and "://" not in value and not value.startswith("-")):
            found += _by_image(value, path)
    for component in COMPONENTS:
        first, *others = hints.in_values(component, hinted) or [""]
        if others:
            found.append(Finding(component, first, f"this value together with {others[0]}"))
    return _distinct(found)


def in_settings(settings: Any, *, at: str) -> list[Finding]:
    """The same, and commands: what becomes of a setting is for its template to say."""
    commands = (in_script(value, at=path) for path, _, value in tree.leaves(settings, at) if re.search(r"\s", value))
    return _distinct([*in_values(settings, at=at), *itertools.chain.from_iterable(commands)])


def in_yaml_values(text: str, *, at: str) -> list[Finding]:
    """Values of a chart written as one text; nothing when it is no YAML (a template before it is rendered)."""
    return [f for document in _documents(text) for f in in_values(document, at=at)] if _may_hold(text) else []


def in_text(text: str, *, at: str) -> list[Finding]:
    """YAML or JSON documents if it is that, else a script."""
    if not _may_hold(text):
        return []
    found = _documents(text)
    if not found:
        return in_script(text, at=at)
    return _distinct([f for document in found for f in _in_document(document, at)])


def in_content(text: str, *, at: str) -> list[Finding]:
    """What may be manifests or values or a script: nobody has said yet what it is for."""
    if not _may_hold(text):
        return []
    found = _documents(text)
    if not found:
        return in_script(text, at=at)
    return _distinct([f for d in found for f in (*_in_document(d, at), *in_values(d, at=at))])


def in_script(text: str, *, at: str) -> list[Finding]:
    """Commands: images, programs, charts and flags named in them. Lines that are comments do not count."""
    lines = _bounded(dict.fromkeys(text.replace("\\\n", "").splitlines()))
    told = [line for line in lines if _may_hold(line) and not line.lstrip().startswith("#")]
    words = [w for line in told for w in re.split(r"[\s\"'`,;|&()<>{}]+", line) if w]
    flags = containers.flags(words)
    signs = ((c, c.sign_of_flag(flag)) for flag in flags for c in COMPONENTS)
    found = [Finding(c, at, f"the flag {sign}") for c, sign in signs if sign]
    for word in _bounded(dict.fromkeys(words)):
        elements = {image_name(element) for element in re.split(r"[/=]", word.partition("@")[0])}
        for c in COMPONENTS:
            shared = c.shared_images if c.node_only not in flags else frozenset()
            found += [Finding(c, at, name) for name in sorted(elements & (c.images | shared))]
    return _distinct(found)


def _bounded(texts: dict[str, None]) -> dict[str, None]:
    if len(texts) > LINES_MAX:
        raise documents.Overgrown(f"a script of more than {LINES_MAX} different lines or words")
    return texts


def _may_hold(text: str) -> bool:
    """Whether it is worth reading: most texts are not, and reading takes time."""
    return is_worth_reading(text) or ("\\" in text and _ESCAPED.search(text) is not None)


def _documents(text: str) -> list[Any]:
    """The mappings and lists in a YAML text; none when it is a script or broken. Raises `Overgrown`."""
    try:
        return [d for d in documents.read(text) if isinstance(d, Mapping | list)]
    except documents.Unreadable:
        return []


def _in_document(document: Any, at: str) -> Iterator[Finding]:
    yield from _by_hints(document, at)
    yield from _in_pods(document, at)
    yield from _in_patch(document, at)
    # One text can be at many places, by an alias.
    read = set[str]()
    for path, key, value in tree.leaves(document, at):
        # Files of cloud-init, scripts in ConfigMaps, manifests in manifests.
        if _is_content(value):
            yield from in_text(value, at=path) if value not in read else []
            read.add(value)
        elif _is_image(path, key):
            yield from _by_image(value, path)


def _by_hints(document: Any, at: str) -> Iterator[Finding]:
    """Objects that are called as upstream calls them, and those of which more hints at it. A List has several."""
    if not isinstance(document, Mapping):
        return
    for index, item in enumerate(tree.sequence(document.get("items"))):
        yield from _by_hints(item, f"{at}.items[{index}]")
    called = hints.name(document)
    for component in COMPONENTS:
        found = hints.of_object(component, document)
        if len(found) > 1 or called in found:
            yield Finding(component, f"{at}.metadata.name", " with ".join(found), certain=len(found) > 1)


def _in_patch(document: Any, at: str) -> Iterator[Finding]:
    """JSON Patch: what is put somewhere is a text, or a list of words."""
    for index, operation in enumerate(tree.mappings(document)):
        if "op" in operation:
            words = operation.get("value")
            text = " ".join(map(str, words)) if isinstance(words, list) else tree.text(words)
            yield from in_script(text, at=f"{at}[{index}].value")


def _is_content(value: str) -> bool:
    """Whether a text is a document or a script of its own."""
    return "\n" in value or value.lstrip()[:1] in ("{", "[")


def _is_image(path: str, key: str) -> bool:
    return key in _IMAGE_KEYS or path.endswith(_IMAGE_PARTS)


def _in_pods(content: Any, at: str) -> Iterator[Finding]:
    for path, node in tree.walk(content, at):
        if isinstance(node, Mapping) and any(isinstance(node.get(key), list) for key in _CONTAINERS):
            yield from _in_pod(node, path)


def _in_pod(pod: Mapping[str, Any], at: str) -> Iterator[Finding]:
    found = [
        (f"{at}.{key}[{index}]" if at else f"{key}[{index}]", container)
        for key in _CONTAINERS
        for index, container in enumerate(tree.sequence(pod.get(key)))
        if isinstance(container, Mapping)
    ]
    images = {image_name(str(container.get("image", ""))) for _, container in found}
    for path, container in found:
        for component in COMPONENTS:
            evidence = containers.why(component, container, images)
            if evidence:
                yield Finding(component, path, evidence)


def _by_image(value: str, path: str) -> Iterator[Finding]:
    name = image_name(value)
    for component in COMPONENTS:
        if name in component.images:
            yield Finding(component, path, f"the image {name}")


def _distinct(findings: Sequence[Finding]) -> list[Finding]:
    """Each once: what is found in a container is not told of its image again."""
    kept: list[Finding] = []
    places: set[tuple[str, str]] = set()
    for finding in dict.fromkeys(findings):
        place, name = finding.field, finding.component.name
        if (place.rpartition(".")[0], name) not in places:
            kept.append(finding)
            places.add((place, name))
    return kept
