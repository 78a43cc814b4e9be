"""A connection to the API server as whoever runs kubectl, for as long as one command takes, and its exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import typer

from plugin import errors
from provisioning import errors as kube_errors
from provisioning import names, objects, plain, resources, seats
from provisioning.connection import namespace_of
from provisioning.errors import ClusterdeskError, KubeError
from provisioning.kube import Kube
from provisioning.model import ApprovalDelegation, Catalog, CatalogSpec, DelegationSpec, Person, Tenant
from provisioning.objects import Stored
from provisioning.resources import Resource

T = TypeVar("T")

REVIEWS: Final = Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False)


@dataclass(frozen=True)
class Myself:
    """Who runs the command, as the API server sees it."""

    person: Person
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Session:
    """The namespace that is meant, and what everybody asks about it. All as the person, with their rights."""

    kube: Kube
    namespace: str

    async def myself(self) -> Myself:
        """Raises `KubeError`."""
        review = {"apiVersion": REVIEWS.api_version, "kind": REVIEWS.kind, "metadata": {}}
        user = (await self.kube.create(REVIEWS, review))["status"]["userInfo"]
        return Myself(Person(user=user["username"]), tuple(user.get("groups") or ()))

    async def tenant(self) -> Stored[Tenant] | None:
        """Whose the namespace is; None when it is nobody's, or the person may not look."""
        try:
            namespace = await self.kube.find(resources.NAMESPACES, self.namespace)
            name = objects.Meta.of(namespace or {}).labels.get(names.TENANT_LABEL, "")
            found = await self.kube.find(resources.TENANTS, name) if name else None
        except kube_errors.Forbidden:
            return None
        return objects.read(Tenant, found) if found is not None else None

    async def delegations(self) -> tuple[DelegationSpec, ...]:
        """Who decides instead of whom in the namespace; of what the person may not see the webhook knows."""
        try:
            found = (await self.kube.list(resources.APPROVAL_DELEGATIONS, namespace=self.namespace)).items
        except (kube_errors.Forbidden, kube_errors.NotFound):
            return ()
        return seats.in_force([objects.read(ApprovalDelegation, each) for each in found], datetime.now(UTC))

    @property
    def no_tenant(self) -> str:
        """Why `tenant` found none, and what to do about it."""
        return (
            f"{self.namespace} is no tenant's namespace, or you may not see whose it is; ask your platform team for "
            "the chart's ClusterRoles clusterdesk-member (there) and clusterdesk-reader"
        )

    @property
    def no_catalog(self) -> str:
        """Why `catalog` found none, and what to do about it."""
        return (
            "there is no Catalog, or you may not read it; ask your platform team for the chart's ClusterRole "
            "clusterdesk-reader"
        )

    async def catalog(self) -> CatalogSpec | None:
        """What is on offer; None when the platform has not said, or the person may not look."""
        try:
            found = await self.kube.find(resources.CATALOGS, names.CATALOG)
        except kube_errors.Forbidden:
            return None
        return objects.read(Catalog, found).it.spec if found is not None else None


def carry_out(task: Callable[[Session], Awaitable[T]], *, kubeconfig: Path, context: str, namespace: str = "") -> T:
    """What the task comes to. What goes wrong ends the program with a sentence and the exit code that says so."""

    async def connected() -> T:
        async with await Kube.connect(kubeconfig=kubeconfig, context=context or None) as kube:
            return await task(Session(kube, namespace or namespace_of(kubeconfig, context)))

    try:
        return asyncio.run(connected())
    except ClusterdeskError as error:
        words = error.message if isinstance(error, KubeError) else str(error)
        typer.echo("\n".join(map(plain.one_line, words.splitlines())), err=True)
        raise typer.Exit(errors.code_of(error)) from error
