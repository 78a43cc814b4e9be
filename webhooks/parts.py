"""What goes into a tenant, in parts: a chart's name, values, a text, a command, each with its field path. Values only.

Which kinds have such parts is the business of `webhooks.carriers`, `webhooks.boots` and `webhooks.hubs`; what must not
be in them that of `webhooks.placement` and `webhooks.credentials`.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from provisioning.documents import Overgrown
from provisioning.manifest import Tree
from webhooks import tree

TEXT_MAX = 2 * 1024 * 1024
"""Bytes that a compressed file may come to: more is not read, and so does not pass."""
MEMBERS_MAX = 100
"""Compressed files in a row, which are one for whoever unpacks them."""
_ENCODED = re.compile(r"[A-Za-z0-9+/\s]{40,}+={0,2}\s*")
"""A text that is nothing but base64."""


class Form(Enum):
    """How a part is to be read."""

    CHART = "the name of a chart"
    VALUES = "values of a chart, or what is like them: a tree"
    VALUES_TEXT = "values of a chart as one text"
    TEXT = "manifests if it is YAML or JSON, else a script"
    CONTENT = "any of these: nobody has said yet what it is for"
    SCRIPT = "commands"
    ADDRESSES = "where more user data is fetched from: a list of addresses"
    SETTINGS = "a tree whose texts may be anything, commands among them"


@dataclass(frozen=True)
class Part:
    """One piece of content and where it stands."""

    field: str
    form: Form
    content: Any


@dataclass(frozen=True)
class Source:
    """A ConfigMap or Secret that an object names, and the field that names it. `namespace` is empty for its own."""

    kind: str
    name: str
    field: str
    namespace: str = ""
    target: str = ""
    """The one value that it is put at; empty when it holds values or manifests."""


def values(content: Any, at: str) -> Iterator[Part]:
    """Values as a tree, if there are any."""
    if content:
        yield Part(at, Form.VALUES, content)


def texts(manifest: Tree, form: Form, *, at: str = "") -> Iterator[Part]:
    """Every text in a ConfigMap or Secret, decoded, and what is packed in it: a machine may be told to unpack it.

    Raises `Overgrown`.
    """
    for section in ("data", "stringData", "binaryData"):
        encoded = section == "binaryData" or (section == "data" and manifest.get("kind") == "Secret")
        for key, value in tree.mapping(manifest.get(section)).items():
            for text in _opened(tree.text(value), encoded=encoded):
                yield Part(f"{at}.{section}.{key}" if at else f"{section}.{key}", form, text)


def length(manifest: Tree) -> int:
    """Characters of all the texts in a ConfigMap or Secret, as they are stored."""
    sections = (tree.mapping(manifest.get(section)) for section in ("data", "binaryData"))
    return sum(len(tree.text(value)) for section in sections for value in section.values())


def _opened(text: str, *, encoded: bool) -> Iterator[str]:
    """The text, and what is behind it where it is nothing but base64."""
    plain = _behind(text) if encoded else text
    yield plain
    if _ENCODED.fullmatch(plain):
        yield _behind(plain)


def _behind(text: str) -> str:
    """What is behind base64, unpacked; empty when it is no base64."""
    try:
        return expanded(base64.b64decode(text, validate=False)).decode("utf-8", "replace")
    except ValueError:
        return ""


def commands(them: Any, at: str) -> Iterator[Part]:
    """Each is one text for a shell, or a list of words."""
    for index, command in enumerate(tree.sequence(them)):
        text = " ".join(map(str, command)) if isinstance(command, list) else str(command)
        yield Part(f"{at}[{index}]", Form.SCRIPT, text)


def decoded(text: str, encoding: str) -> str:
    """The text behind base64, gzip or both, as kubeadm or cloud-init call them; empty when it is not what it says.

    Raises `Overgrown`.
    """
    data, named = text.encode(), encoding.lower()
    try:
        if "64" in named:
            data = base64.b64decode(data, validate=False)
        if "gz" in named:
            data = _unpacked(data)
    except (binascii.Error, zlib.error):
        return ""
    return data.decode("utf-8", "replace")


def expanded(data: bytes) -> bytes:
    """What is behind gzip, or the same where it is no such thing. Raises `Overgrown`."""
    try:
        return _unpacked(data)
    except zlib.error:
        return data


def _unpacked(data: bytes) -> bytes:
    """All of it: whoever unpacks a file goes on after its first part."""
    whole = b""
    for number in range(MEMBERS_MAX):
        packed = zlib.decompressobj(wbits=31)
        try:
            whole += packed.decompress(data, TEXT_MAX + 1 - len(whole))
        except zlib.error:
            if not number:
                raise
            return whole
        if len(whole) > TEXT_MAX:
            break
        data = packed.unused_data.lstrip(b"\0")
        if not data:
            return whole
    raise Overgrown(f"unpacked it comes to more than {TEXT_MAX} bytes, or to more than {MEMBERS_MAX} files in a row")
