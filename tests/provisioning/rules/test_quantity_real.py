"""Our arithmetic against the API server's own: it takes what we take, and compares as we do."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from typing import Any

from provisioning import errors, quantity
from provisioning.kube import Kube
from provisioning.resources import CUSTOM_RESOURCE_DEFINITIONS, Resource
from tests.provisioning.rules.test_quantity import GOOD, NO_QUANTITY


def probe(group: str) -> dict[str, Any]:
    """A CRD whose objects are valid only if the API server reads `one` as a quantity that equals `other`."""
    schema = {
        "type": "object",
        "properties": {
            "one": {"type": "string", "maxLength": 70},
            "other": {"type": "string", "maxLength": 70},
        },
        "x-kubernetes-validations": [
            {"rule": "isQuantity(self.one)", "message": "no quantity"},
            {
                "rule": "!isQuantity(self.one) || !isQuantity(self.other) "
                "|| quantity(self.one).compareTo(quantity(self.other)) == 0",
                "message": "not equal",
            },
        ],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"probes.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"kind": "Probe", "plural": "probes", "singular": "probe", "listKind": "ProbeList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}},
                }
            ],
        },
    }


async def said(kube: Kube, resource: Resource, one: str, other: str) -> set[str]:
    """What the API server has against it, by a dry run."""
    body = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": "probe"},
        "spec": {"one": one, "other": other},
    }
    try:
        await kube.create(resource, body, dry_run=True)
    except errors.Invalid as error:
        return {word for word in ("no quantity", "not equal") if word in error.message}
    return set()


async def served(kube: Kube, resource: Resource) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await kube.list(resource)
            except errors.NotFound:
                await asyncio.sleep(0.1)
            else:
                return


async def test_the_api_server_reads_quantities_as_we_do(admin: Kube) -> None:
    group = f"q{secrets.token_hex(4)}.example.org"
    resource = Resource(group, "v1", "probes", "Probe", namespaced=False)
    await admin.create(CUSTOM_RESOURCE_DEFINITIONS, probe(group))
    try:
        await served(admin, resource)
        for text, (count, _) in GOOD.items():
            exact = quantity.parse(text)
            # It keeps nothing finer than a billionth; what we read is compared in billionths.
            assert exact * 10**9 == int(exact * 10**9)
            assert await said(admin, resource, text, f"{int(exact * 10**9)}n") == set(), text
            assert await said(admin, resource, text, str(count)) == (set() if exact == count else {"not equal"}), text
        refused = [text for text in NO_QUANTITY if isinstance(text, str)]
        taken = {text for text in refused if "no quantity" not in await said(admin, resource, text, "0")}
        assert taken <= TAKEN_BY_THE_SERVER_ONLY
        shown = [quantity.format_bytes(n) for n in (0, 1025, 2**30, 3 * 2**29, 5 * 10**9, 2**50)]
        for one, other in itertools.product(shown, repeat=2):
            assert (await said(admin, resource, one, other) == set()) == (one == other)
    finally:
        await admin.delete(CUSTOM_RESOURCE_DEFINITIONS, f"probes.{group}")


LIMIT_RANGES = Resource("", "v1", "limitranges", "LimitRange")
TAKEN_BY_THE_SERVER_ONLY = {".", "+", "-", "1" * 65, "1e9999"}
"""No number at all (it reads 0), longer or larger than we care to read: refusing them is stricter, never looser."""


async def test_what_the_api_server_makes_of_a_quantity_in_a_real_object_is_what_we_read(
    admin: Kube, namespace: str
) -> None:
    async def stored(text: str) -> Any:
        limits = [{"type": "Container", "max": {"memory": text}}]
        meta = {"name": "probe", "namespace": namespace}
        body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": meta, "spec": {"limits": limits}}
        made = await admin.create(LIMIT_RANGES, body, dry_run=True)
        return made["spec"]["limits"][0]["max"]["memory"]

    for good, (count, milli) in GOOD.items():
        # It keeps no finer parts of memory than a thousandth.
        canonical = await stored(good)
        assert quantity.byte_count(canonical) == count, good
        assert milli is None or quantity.milli(canonical) == milli, good
    taken = set()
    for text in NO_QUANTITY:
        if isinstance(text, str):
            with contextlib.suppress(errors.Invalid):
                await stored(text)
                taken.add(text)
    # White space around one it takes away before anybody else sees it.
    assert {text for text in taken if text == text.strip()} <= TAKEN_BY_THE_SERVER_ONLY
