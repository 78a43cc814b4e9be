"""What a person pastes into a shell to get into a cluster: first what makes the key, then the kubeconfig. Pure.

The key is made on their machine and stays there; the kubeconfig names the file that has it. Both are in `~/.kube`, so
that it does not matter where somebody is when they paste.
"""

from __future__ import annotations

from provisioning import kubeconfig
from provisioning.model import ClusterAccess
from provisioning.objects import Stored


def make_request(namespace: str, cluster: str) -> str:
    """One line: makes a key that nobody else may read, and prints the certificate request for it."""
    # The subject does not matter, but older programs insist on one.
    how = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=me"
    return f"mkdir -p ~/.kube; (umask 077; openssl req -new {how} -keyout ~/.kube/{_called(namespace, cluster)}.key)"


def make_kubeconfig(access: Stored[ClusterAccess]) -> str:
    """Writes the kubeconfig and looks into the cluster with it. Raises `kubeconfig.NotIssued`."""
    called, path = _called(access.meta.namespace, access.it.spec.cluster), kubeconfig_path(access)
    # Whatever somebody is called is indented in there, so nothing ends the text before its end.
    text = kubeconfig.render(access, key_file=f"{called}.key", name=kubeconfig.called(access))
    return f"cat > {path} <<'EOF'\n{text}EOF\nkubectl --kubeconfig {path} get namespaces"


def kubeconfig_path(access: Stored[ClusterAccess]) -> str:
    return f"~/.kube/{_called(access.meta.namespace, access.it.spec.cluster)}.kubeconfig"


def _called(namespace: str, cluster: str) -> str:
    """Both are DNS names, so a shell takes them as they are."""
    return f"{namespace}.{cluster}"
