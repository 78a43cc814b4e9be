"""Whose identity a source is fetched by, or a registered cluster is reached by. Pure reading.

With a cloud's `provider` Flux asks by the identity that its own controller has there, unless an account of the
namespace is named, and in many ways shows it to the address that the object says: a Git server and a bucket of Azure's
get the controller's token, whatever they are called, and a registry gets the password of Amazon's if that name is
anywhere in its own. Where the cloud itself answers, it gives out what the controller may read, and not what the tenant
may. Sveltos does the same for a cluster that is registered with `workloadIdentity`, at any `endpoint`; and it takes a
kubeconfig as it is, with programs to run and files to read in its own Pod. Source: fluxcd/pkg, `auth`;
source-controller and image-reflector-controller; projectsveltos/libsveltos, `lib/clusterproxy`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning import names
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.resources import HELM_REPOSITORIES, OCI_REPOSITORIES
from webhooks import tree
from webhooks.kinds import BUCKETS, GIT_REPOSITORIES, IMAGE_REPOSITORIES, SVELTOS_CLUSTERS

KINDS: Final = (
    *(GIT_REPOSITORIES, OCI_REPOSITORIES, HELM_REPOSITORIES, BUCKETS, IMAGE_REPOSITORIES),
    SVELTOS_CLUSTERS,
)
NOBODYS: Final = ("", "generic", "github")
"""Providers that are asked by what a Secret says, or by nothing."""
ANY: Final = "*"
BY_SECRET: Final = {OCI_REPOSITORIES.kind: ANY, HELM_REPOSITORIES.kind: ANY, BUCKETS.kind: "aws"}
"""Kinds that take a Secret in place of the identity, and with which provider. For a bucket of another cloud it may say
which identity of the machine's to take, or which file of the controller's to send where."""
KUBECONFIG: Final = names.kubeconfig_secret("")
"""What the Secrets end with that controllers alone write (`kubeconfig_writers`)."""


def borrowed(manifest: Manifest) -> Iterator[Cause]:
    """Where it lends a controller's own identity to whoever wrote the object."""
    spec = tree.mapping(manifest.get("spec"))
    if manifest["kind"] == SVELTOS_CLUSTERS.kind:
        yield from _of_sveltos(spec)
        return
    provider = tree.text(spec.get("provider"))
    is_by_secret = spec.get("secretRef") and BY_SECRET.get(manifest["kind"]) in (ANY, provider)
    if provider in NOBODYS or is_by_secret or spec.get("serviceAccountName"):
        return
    yield Cause(
        "spec.provider",
        f"by {provider} Flux would ask with an identity of its own controller's, and may show it to the address here; "
        "leave it out, or name a ServiceAccount of this namespace in spec.serviceAccountName where this kind has that",
    )


def _of_sveltos(spec: tree.Tree) -> Iterator[Cause]:
    if spec.get("workloadIdentity"):
        yield Cause(
            "spec.workloadIdentity",
            "by it Sveltos would show a token of its own to the endpoint here; leave it out, or ask the platform",
        )
    secret = tree.text(spec.get("kubeconfigName"))
    if secret and not secret.endswith(KUBECONFIG):
        yield Cause(
            "spec.kubeconfigName",
            f"must end with {KUBECONFIG}: Sveltos does in its own Pod what a kubeconfig says, and {secret} may be "
            "anybody's",
        )
