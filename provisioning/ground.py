"""What a management cluster has, as `survey` found it and before `preflight` judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioning.model import CatalogSpec
from provisioning.profile import Profile
from provisioning.resources import Resource


@dataclass(frozen=True)
class Ground:
    """What the API server answered. None stands for what it did not let us ask."""

    version: str = ""
    """Its own version, such as v1.34.2."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Versions served, by API group."""
    profile: Profile = Profile.V1BETA2
    """The generation of Cluster API's APIs that would be spoken."""
    kinds: frozenset[tuple[str, str]] = frozenset()
    """apiVersion and kind of everything that is served in the groups we need."""
    labels: Mapping[Resource, Mapping[str, str] | None] = field(default_factory=dict)
    """Labels of the CRDs that are there."""
    catalog: CatalogSpec | None = None
    catalog_trouble: str = ""
    """Why there is no Catalog to be had."""
    data_store: Mapping[str, Any] | None = None
    """The DataStore that the Catalog names; empty: there is none."""
    kubeadm_account: str = ""
    """The account of Cluster API's kubeadm provider, as namespace/name."""
    kubeadm_reads: bool | None = None
    """Whether that account may read Kamaji's control planes."""
    rules: bool | None = None
    """Whether our validating webhooks are registered, with a certificate."""
    asked_at: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The versions that their rules name, by the CRD's name."""
