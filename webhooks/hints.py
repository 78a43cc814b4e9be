"""What only hints at a controller: what it is called, whose account it has, what it is given. Pure.

Names are free, and many things are given a kubeconfig; so one hint proves nothing. Two of different sorts, at one
workload or among the values of one chart, do. Source: the detection table, "block only with a second signal".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioning.components import CREDENTIALS, PROVIDERS, Component
from webhooks import containers, tree

_FLAG = "--cloud-provider="


def of_object(component: Component, manifest: Mapping[str, Any]) -> list[str]:
    """What hints at this object being the component, or what that is configured by: one of each sort."""
    called = name(manifest)
    if component.settings.fullmatch(called):
        texts = tree.mapping(manifest.get("data")).values()
        return [called, "a kubeconfig in it"] if any("kubeconfig:" in tree.text(text) for text in texts) else []
    pod = _pod(manifest)
    flags = [f for c in tree.mappings(pod.get("containers")) for f in containers.flags(containers.words(c))]
    if any(_is_elsewhere(flag.removeprefix(_FLAG)) for flag in flags if flag.startswith(_FLAG)):
        return []
    account = tree.text(pod.get("serviceAccountName") or pod.get("serviceAccount"))
    given = [*_given(pod)]
    sorts = (
        [called] if component.objects.fullmatch(called) else [],
        [f"the account {account}"] if component.accounts.fullmatch(account) else [],
        [f"the {source}" for source in given if component.settings.fullmatch(source)],
        [f"the credentials in the {source}" for source in given if CREDENTIALS.fullmatch(source)],
    )
    return [sort[0] for sort in sorts if sort]


def in_values(component: Component, values: Mapping[str, str]) -> list[str]:
    """The paths of those values, one of each sort, that hint at a chart of the component."""
    if any(_is_elsewhere(value) for path, value in values.items() if path.endswith("cloudProvider")):
        return []
    sorts = ([p for p, value in values.items() if hint.fullmatch(f"{_tail(p)}={value}")] for hint in component.hints)
    return [sort[0] for sort in sorts if sort]


def name(manifest: Mapping[str, Any]) -> str:
    """Kind and name."""
    return f"{manifest.get('kind')} {tree.dig(manifest, 'metadata').get('name')}"


def _is_elsewhere(provider: str) -> bool:
    """Whether something says itself that it is of another cloud."""
    return provider not in PROVIDERS


def _pod(manifest: Mapping[str, Any]) -> tree.Tree:
    spec = tree.dig(manifest, "spec")
    return tree.dig(spec, "jobTemplate", "spec", "template", "spec") or tree.dig(spec, "template", "spec") or spec


def _given(pod: tree.Tree) -> Iterator[str]:
    """Kind and name of every ConfigMap and Secret that is mounted, and again with each file that is taken from it."""
    for volume in tree.mappings(pod.get("volumes")):
        for source in (volume, *tree.mappings(tree.dig(volume, "projected").get("sources"))):
            secret, config = tree.mapping(source.get("secret")), tree.mapping(source.get("configMap"))
            for kind, of in (("Secret", secret), ("ConfigMap", config)):
                called = tree.text(of.get("secretName") or of.get("name"))
                if called:
                    yield f"{kind} {called}"
                    yield from (f"{kind} {called}/{item.get('path')}" for item in tree.mappings(of.get("items")))


def _tail(path: str) -> str:
    """The last two names of a path."""
    return ".".join(path.rsplit(".", 2)[-2:])
