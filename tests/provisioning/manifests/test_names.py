"""Names that are allowed stay valid in everything that is called after them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning import plan
from tests.provisioning.manifests.examples import CATALOG, CLUSTER_UID, catalog, cluster

DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1035, which Services want, and of which a Machine's and a VirtualMachine's hostname is made."""
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")


def named(longest: int) -> st.SearchStrategy[str]:
    """What the CRDs let through, and often the longest of it."""
    any_length = st.from_regex(rf"[a-z]([-a-z0-9]{{0,{longest - 2}}}[a-z0-9])?", fullmatch=True)
    return any_length | st.just("w" * longest)


def labels(manifest: Any) -> Iterator[str]:
    """Every label's value in it, wherever it stands."""
    if isinstance(manifest, list):
        for each in manifest:
            yield from labels(each)
    if isinstance(manifest, dict):
        for key, value in manifest.items():
            if key in ("labels", "matchLabels") and isinstance(value, dict):
                yield from value.values()
            yield from labels(value)


@settings(max_examples=30)
@given(name=named(30), pool=named(15), add_on=named(20), tenant=named(63))
def test_whatever_a_cluster_its_pools_and_add_ons_are_called(name: str, pool: str, add_on: str, tenant: str) -> None:
    offer = catalog(addOns=[{**CATALOG["addOns"][0], "name": add_on, "after": []}])
    wanted = cluster(name, pools=[{"name": pool, "flavor": "small", "min": 1, "max": 2}], addOns=[{"name": add_on}])
    manifests = plan.render(wanted, offer, tenant=tenant, cluster_uid=CLUSTER_UID).manifests
    kinds = {manifest["kind"] for manifest in manifests}
    assert {"Cluster", "MachineDeployment", "HelmRelease", "Deployment", "ConfigMap", "ClusterResourceSet"} <= kinds
    for manifest in manifests:
        assert DNS_LABEL.fullmatch(manifest["metadata"]["name"]), manifest["metadata"]["name"]
        assert all(LABEL_VALUE.fullmatch(value) for value in labels(manifest))
        if manifest["kind"] == "MachineDeployment":
            # Cluster API adds two parts of at most seventeen characters, and that is a hostname.
            assert len(manifest["metadata"]["name"]) + 17 <= 63
        if manifest["kind"] == "HelmRelease":
            assert len(manifest["metadata"]["name"]) <= 53
