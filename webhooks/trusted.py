"""Who we trust with what, by the names that the API server authenticates. Values."""

from __future__ import annotations

from dataclasses import dataclass

from webhooks.review import User

CONTROLLERS = frozenset(
    {
        "capi-system",
        "capi-kubeadm-bootstrap-system",
        "capk-system",
        "kamaji-system",
        "kubevirt",
        "cdi",
        "kube-system",
    }
)
"""Where Cluster API, its providers, Kamaji, KubeVirt and CDI are installed unless somebody chose otherwise."""

KUBERNETES = "system:kube-controller-manager"
"""Who deletes what a namespace held, and what nobody owns any more, where Kubernetes' controllers have no accounts of
their own in `kube-system`."""

COPIERS = frozenset(
    {
        KUBERNETES,
        *(f"system:serviceaccount:kube-system:{name}-controller" for name in ("statefulset", "ephemeral-volume")),
    }
)
"""Those that make claims, as people wrote them down in a StatefulSet or a Pod: there nobody has judged them."""

FETCHERS = frozenset({"system:serviceaccount:flux-system:source-controller"})
SVELTOS = frozenset(f"system:serviceaccount:projectsveltos:{name}" for name in ("addon-controller", "sc-manager"))


@dataclass(frozen=True)
class Trusted:
    """Who may what, by the names that the API server authenticates; from the settings."""

    bot: str = "system:serviceaccount:clusterdesk-system:clusterdesk-bot"
    provisioner: str = "system:serviceaccount:clusterdesk-system:clusterdesk-provisioner"
    webhooks: str = "system:serviceaccount:clusterdesk-system:clusterdesk-webhooks"
    platform_users: frozenset[str] = frozenset()
    platform_groups: frozenset[str] = frozenset({"system:masters"})
    namespaces: frozenset[str] = frozenset({"kube-system", "kube-public", "kube-node-lease", "clusterdesk-system"})
    """Namespaces of the platform itself: nothing is charged or refused in them."""
    home: str = "clusterdesk-system"
    """Our own namespace, where the ledgers are."""
    controllers: frozenset[str] = CONTROLLERS
    """Namespaces whose service accounts are those of controllers: they write what others only follow from."""

    fetchers: frozenset[str] = FETCHERS
    """Accounts of what fetches for Flux: they say where that is. Not of what applies it, which does so for tenants."""
    flux_locked_down: bool = False
    """Whether Flux' controllers run with `--default-service-account`: then they never act for a tenant by their own."""
    sveltos: frozenset[str] = SVELTOS
    """Accounts of what makes something of profiles for each cluster, and renews the kubeconfigs of those that are
    registered. Not their namespace: Sveltos has the accounts there that it acts by for tenants."""

    def is_platform(self, user: User) -> bool:
        return user.name in self.platform_users or not self.platform_groups.isdisjoint(user.groups)

    def is_controller(self, user: User) -> bool:
        """Whether a controller of the management cluster asks. Never one that is hosted in a tenant's namespace."""
        return user.name == KUBERNETES or user.home in self.controllers

    def is_system(self, user: User) -> bool:
        """The platform, our own provisioner, or a controller: who may write what people in a tenant may not."""
        return self.is_platform(user) or user.name == self.provisioner or self.is_controller(user)
