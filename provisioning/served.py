"""Whether the APIs that clusters are made of are served, in the generation and by the contracts that we need. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from provisioning import profile, providers, requirements, resources
from provisioning.finding import MAY_NOT, Finding, Outcome
from provisioning.ground import Ground
from provisioning.profile import Profile
from provisioning.requirements import CONTRACT_V1BETA1, CONTRACT_V1BETA2

_TELLING: Final = (resources.CLUSTERS, resources.KAMAJI_CONTROL_PLANES)
"""The kinds that a profile is told by."""
_OTHER_LINE: Final[Mapping[tuple[str, str], str]] = {
    ("controlplane.cluster.x-k8s.io", "v1alpha2"): (
        "install version 0.20 or newer of Kamaji's control-plane provider; older ones serve v1alpha1, and nothing "
        "converts between the two"
    ),
    ("cluster.x-k8s.io", "v1beta2"): "install Cluster API 1.12 or newer",
    ("bootstrap.cluster.x-k8s.io", "v1beta2"): "install Cluster API 1.12 or newer, its kubeadm provider as well",
}


def generation(ground: Ground) -> Iterator[Finding]:
    """Either will do. What of it is not served is told by kind."""
    what, wanted = "API profile", "v1beta2, or v1beta1 for older providers"
    spoken = profile.spoken(ground.groups)
    if spoken is Profile.V1BETA1 and ground.profile is Profile.V1BETA2:
        remedy = f"set apiProfile={spoken} in the chart's values, or upgrade Cluster API and its providers"
        yield Finding(what, wanted, f"{ground.profile}, where only {spoken} is served", Outcome.MISSING, remedy)
        return
    found = ", ".join(f"{kind.group}/{ground.profile.at(kind).version}" for kind in _TELLING)
    yield Finding(what, wanted, f"{ground.profile}: {found}", Outcome.MET)


def apis(ground: Ground) -> Iterator[Finding]:
    by_provider: dict[tuple[str, str, str], list[str]] = {}
    for kind in map(ground.profile.at, requirements.needed(ground.catalog)):
        by_provider.setdefault((providers.provider_of(kind), kind.group, kind.version), []).append(kind.kind)
    for (provider, group, version), kinds in by_provider.items():
        yield _served(ground, provider, group, version, kinds)
    yield _served(ground, "clusterdesk", resources.GROUP, resources.VERSION, [kind.kind for kind in requirements.OURS])


def _served(ground: Ground, provider: str, group: str, version: str, kinds: list[str]) -> Finding:
    api_version = f"{group}/{version}"
    wanted = f"{api_version}: {', '.join(kinds)}"
    served = ground.groups.get(group, ())
    lacking = [kind for kind in kinds if (api_version, kind) not in ground.kinds]
    if not lacking:
        return Finding(provider, wanted, ", ".join(served), Outcome.MET)
    if not served:
        return Finding(provider, wanted, f"no group {group}", Outcome.MISSING, f"install {provider}")
    if version not in served:
        remedy = _OTHER_LINE.get((group, version), f"install a version of {provider} that serves {version}")
        return Finding(provider, wanted, f"{group} in {', '.join(served)} only", Outcome.MISSING, remedy)
    remedy = f"install {provider} with all of its CRDs"
    return Finding(provider, wanted, f"{version} without {', '.join(lacking)}", Outcome.MISSING, remedy)


def contracts(ground: Ground) -> Iterator[Finding]:
    for named, newer in requirements.CONTRACTS.items():
        if named not in ground.labels:
            continue  # It is not there, which is told already.
        kind, labels = ground.profile.at(named), ground.labels[named]
        label = newer if ground.profile is Profile.V1BETA2 else CONTRACT_V1BETA1
        what, wanted = f"contract of {kind.plural}", f"CRD label {label}: {kind.version}"
        if labels is None:
            yield Finding(what, wanted, "may not be read", Outcome.UNKNOWN, MAY_NOT.format("CRDs"))
            continue
        # One label may name several versions.
        met = kind.version in labels.get(label, "").split("_")
        shown = ", ".join(f"{key}: {labels[key]}" for key in (CONTRACT_V1BETA1, CONTRACT_V1BETA2) if key in labels)
        remedy = (
            f"kubectl label crd {kind.plural}.{kind.group} {label}={kind.version}; without it Cluster API cannot read "
            f"these objects, and no machine is made"
        )
        yield Finding(what, wanted, shown or "no such label", Outcome.of(met), "" if met else remedy)
    yield from _never_v1beta2(ground.labels.get(resources.KUBEVIRT_CLUSTERS) or {})


def _never_v1beta2(labels: Mapping[str, str]) -> Iterator[Finding]:
    """Kamaji's provider sets `status.ready` of a KubevirtCluster, which Cluster API reads by the old contract only."""
    if CONTRACT_V1BETA2 in labels:
        yield Finding(
            f"contract of {resources.KUBEVIRT_CLUSTERS.plural}",
            f"no CRD label {CONTRACT_V1BETA2}",
            f"{CONTRACT_V1BETA2}: {labels[CONTRACT_V1BETA2]}",
            Outcome.MISSING,
            "take the label off the CRD: with it every cluster waits for its infrastructure for ever",
        )
