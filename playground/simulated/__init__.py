"""The simulated infrastructure: plays what needs kubelets, virtual machines and a network, over a real API server.

One module a played controller, listed in `PLAYED`. Cluster API's own controllers are real and do the rest, and every
tenant has a real kube-apiserver. Nothing here is used outside the playground and the tests.
"""

from playground.simulated import cloud, datastore, hosted, kamaji, kubelet, kubevirt, proxies, releases, sources

PLAYED = (
    kamaji.PLAYED,
    *datastore.PLAYED,
    kubevirt.PLAYED,
    cloud.PLAYED,
    kubelet.PLAYED,
    hosted.PLAYED,
    *sources.PLAYED,
    releases.PLAYED,
    *proxies.PLAYED,
)
