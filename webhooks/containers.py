"""By what a container is one of the controllers: its image, its program, its flags, its environment. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.components import Component, image_name
from webhooks import tree


def why(component: Component, container: Mapping[str, Any], images: set[str]) -> str:
    """By what this container is that component; empty when it is not."""
    image = image_name(str(container.get("image", "")))
    said = words(container)
    given = flags(said)
    if image in component.images:
        return f"the image {image}"
    if image in component.shared_images and (component.node_only not in given or images & component.sidecars):
        return f"the image {image} without {component.node_only}, or beside its sidecars"
    for flag in given:
        told = component.sign_of_flag(flag)
        if told:
            return f"the flag {told}"
    for word in said:
        # A program that is run, not one that is spoken of: --target=deployment/cluster-autoscaler.
        if not word.startswith("-") and image_name(word) in component.images:
            return f"the program {word}"
    names = {str(e.get("name", "")) for e in tree.sequence(container.get("env")) if isinstance(e, Mapping)}
    for name in sorted(names & component.environment):
        return f"the environment variable {name}"
    return ""


def words(container: Mapping[str, Any]) -> list[str]:
    """Command and arguments, word by word: commands are given to a shell as well."""
    texts = [str(w) for key in ("command", "args") for w in tree.sequence(container.get(key))]
    return [w for text in texts for w in re.split(r"[\s;|&()]+", text.replace('"', "").replace("'", "")) if w]


def flags(words: Sequence[str]) -> list[str]:
    """`-a=b`, `--a=b`, `--a b` and `--a="b"` all become `--a=b`, and `--a_b`, which means the same, `--a-b`."""
    found: list[str] = []
    for word, following in itertools.zip_longest(words, words[1:], fillvalue=""):
        if not word.startswith("-"):
            continue
        name, sign, value = word.lstrip("-").replace('"', "").replace("'", "").partition("=")
        flag = f"--{name.replace('_', '-')}{sign}{value}"
        found.append(flag)
        if "=" not in flag and following and not following.startswith("-"):
            found.append(f"{flag}={following}")
    return found
