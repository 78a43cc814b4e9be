"""The two webhooks asked by us in place of the API server: what their answers take by themselves, at a steady rate.

Where one API server has two cores, 200 changes a second are more than it can take by itself, whoever is asked. So what
a webhook takes of the time of a write does not show there, and is measured here.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import aiohttp
import msgspec

from bench.admission import load, peers
from bench.admission.load import Call, Client, Sample
from provisioning import resources
from provisioning.manifest import Manifest
from webhooks import registration

PATHS = {peers.NOTHING: "/allow", peers.OURS: f"{registration.VALIDATE}?timeout=10s"}


class Refused(Exception):
    """It was to be let in: what a refusal takes is not what is measured here."""


async def ask(urls: Mapping[str, str], *, rate: float, seconds: float) -> dict[str, Sample]:
    """Reviews of a change that costs nothing, so many a second, for whom these are the addresses."""
    found = {}
    for peer, url in urls.items():
        calls = [_call(peer, str(number)) for number in range(int(rate * seconds))]
        # Whose certificate it is does not matter on the way to ourselves.
        connector = aiohttp.TCPConnector(limit=0, ssl=False)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
            await _is_let_in(session, url, calls[0])
            found[peer] = await load.steady(Client(session, url), calls, rate=rate)
    return found


async def _is_let_in(session: aiohttp.ClientSession, url: str, call: Call) -> None:
    headers = {"Content-Type": call.content_type}
    async with session.post(url + call.path, data=call.body, headers=headers) as answer:
        review = await answer.json()
    if not review["response"]["allowed"]:
        raise Refused(review["response"]["status"]["message"])


def _call(peer: str, value: str) -> Call:
    return Call("POST", PATHS[peer], msgspec.json.encode(review(peers.namespace(peer, 0), value)))


def review(where: str, value: str) -> dict[str, object]:
    """An AdmissionReview of another annotation on a MachineDeployment, as the API server sends it."""
    kind = resources.MACHINE_DEPLOYMENTS
    group = {"group": kind.group, "version": kind.version}
    before, after = (_stored(where, mark) for mark in ("", value))
    request = {
        "uid": str(uuid4()),
        "kind": {**group, "kind": kind.kind},
        "resource": {**group, "resource": kind.plural},
        "requestKind": {**group, "kind": kind.kind},
        "requestResource": {**group, "resource": kind.plural},
        "name": "still",
        "namespace": where,
        "operation": "UPDATE",
        "userInfo": {"username": "kubernetes-admin", "groups": ["system:authenticated"]},
        "object": after,
        "oldObject": before,
        "dryRun": False,
        "options": {"kind": "PatchOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "bench"},
    }
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}


def _stored(where: str, mark: str) -> Manifest:
    found = peers.deployment(where, "still")
    kept = {"uid": "7b4f0f6e-0000-4000-8000-000000000001", "resourceVersion": "1000", "generation": 1}
    found["metadata"] |= kept | {"annotations": {"bench": mark}}
    return found
