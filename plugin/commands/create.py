"""`kubectl clusterdesk create NAME`: a new cluster, by a few flags or as a file says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import ValidationError

from plugin import options, wishes
from plugin.changing import Task, command
from plugin.course import Course, see_through
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import objects, resources
from provisioning.manifest import Manifest
from provisioning.model import ClusterSpec

POOL = "workers"
"""What a single pool is called, as in Slack."""


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new cluster.", show_default=False)] = "",
    *,
    flavor: Annotated[str, typer.Option(help="The size of a worker, one of the Catalog's.", show_default=False)] = "",
    replicas: Annotated[int | None, typer.Option(min=0, help="How many workers; 1 when nothing is said.")] = None,
    least: Annotated[int | None, typer.Option("--min", min=0, help="The least the autoscaler goes down to.")] = None,
    most: Annotated[
        int | None, typer.Option("--max", min=1, help="The most it goes up to; the quota counts it.")
    ] = None,
    version: Annotated[str, typer.Option(help="The Kubernetes version; the recommended one when empty.")] = "",
    lifetime: Annotated[
        str,
        typer.Option(
            parser=options.duration, metavar="DURATION", help="Such as 24h or 3d; the tenant's default when empty."
        ),
    ] = "",
    add_on: Annotated[
        list[str] | None, typer.Option(help="One more of the Catalog's add-ons; may be repeated.")
    ] = None,
    pool: Annotated[str, typer.Option(help="What the pool of workers is called.")] = POOL,
    filename: Annotated[
        str, typer.Option("--filename", "-f", help="A TenantCluster in YAML instead of the flags; - is the input.")
    ] = "",
) -> Task:
    """Make a cluster, or ask for it where your tenant has somebody agree.

    The same rules as in Slack are asked first, and all reasons against it are told at once. Ends with 1 when it was
    refused; with --wait also when it was denied, or is not ready in time.
    """

    async def make(session: Session, course: Course) -> None:
        if filename:
            if flavor or version or lifetime or add_on or (replicas, least, most) != (None, None, None):
                raise NotDone("the file says it all: leave out the flags about the cluster, or leave out -f")
            wanted, where = read(filename, name=name, namespace=course.namespace)
        else:
            if not (name and flavor):
                raise NotDone(await _what_is_missing(session, name))
            spec = of_flags(
                pool, flavor, (replicas, least, most), version=version, lifetime=lifetime, add_ons=add_on or ()
            )
            wanted, where = manifest(name, spec.wire()), ""
        here = Session(session.kube, where or session.namespace)
        wanted["metadata"]["namespace"] = here.namespace
        outcome = await wishes.make(here, wanted, reason=course.reason, dry_run=course.dry)
        await see_through(here, outcome, course, done=f"{wanted['metadata']['name']} is created in {here.namespace}")

    return make


def of_flags(
    pool: str,
    flavor: str,
    size: tuple[int | None, int | None, int | None],
    *,
    version: str = "",
    lifetime: str = "",
    add_ons: Sequence[str] = (),
) -> ClusterSpec:
    """The spec that flags ask for; `size` is replicas, or min and max. Raises `Invalid` for what is none."""
    replicas, least, most = size
    if size == (None, None, None):
        replicas = 1
    numbers = {"replicas": replicas, "min": least, "max": most}
    content: dict[str, Any] = {
        "pools": [{"name": pool, "flavor": flavor, **{k: v for k, v in numbers.items() if v is not None}}],
        "addOns": [{"name": add_on} for add_on in add_ons],
        **{field: value for field, value in (("version", version), ("lifetime", lifetime)) if value},
    }
    return objects.parse(ClusterSpec, content, at="spec")


def manifest(name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": resources.TENANT_CLUSTERS.api_version,
        "kind": resources.TENANT_CLUSTERS.kind,
        "metadata": {"name": name},
        "spec": spec,
    }


def read(filename: str, *, name: str, namespace: str) -> tuple[Manifest, str]:
    """The one TenantCluster in the file, and the namespace that it names. What is said twice must be said the same."""
    try:
        text = typer.get_text_stream("stdin").read() if filename == "-" else Path(filename).read_text(encoding="utf-8")
        found = [document for document in yaml.safe_load_all(text) if document]
    except (OSError, UnicodeDecodeError) as error:
        raise NotDone(f"{filename} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise NotDone(f"{filename} is no YAML: {error}") from error
    kinds = [document.get("kind") if isinstance(document, dict) else "no object" for document in found]
    if kinds != [resources.TENANT_CLUSTERS.kind]:
        raise NotDone(f"{filename} must hold one TenantCluster, and holds {', '.join(map(str, kinds)) or 'nothing'}")
    wanted: Manifest = found[0]
    meta = wanted["metadata"] = wanted.get("metadata") or {}
    if not isinstance(meta, dict):
        raise NotDone(f"the metadata in {filename} is no mapping, as in metadata: {{name: shop}}")
    for what, said, written in (("name", name, meta.get("name")), ("namespace", namespace, meta.get("namespace"))):
        if said and written and said != written:
            raise NotDone(f"the file has the {what} {written}, and you say {said}: leave one of them out")
    if not (name or meta.get("name")):
        raise NotDone("a name is missing: put metadata.name into the file, or say it")
    meta["name"] = name or meta["name"]
    # The API server would leave out what it does not know, without a word.
    if unknown := _unknown(wanted.get("spec")):
        raise NotDone(f"a TenantCluster has no {', '.join(unknown)}: see kubectl explain tenantcluster.spec")
    return wanted, str(meta.get("namespace") or "")


def _unknown(spec: object) -> list[str]:
    """The fields in it that no TenantCluster has. What else is wrong with it the API server says."""
    try:
        ClusterSpec.model_validate(spec)
    except ValidationError as error:
        found = [each["loc"] for each in error.errors(include_url=False) if each["type"] == "extra_forbidden"]
        return [".".join(("spec", *map(str, path))) for path in found]
    return []


async def _what_is_missing(session: Session, name: str) -> str:
    if not name:
        return "a name is missing: kubectl clusterdesk create NAME --flavor FLAVOR"
    catalog, tenant = await session.catalog(), await session.tenant()
    allowed = tenant.it.spec.flavors if tenant is not None else ()
    offered = [it.name for it in catalog.flavors if not allowed or it.name in allowed] if catalog is not None else []
    return f"say a size of worker with --flavor{': ' + ', '.join(offered) if offered else ''}"


COMMAND = command("create", run)
