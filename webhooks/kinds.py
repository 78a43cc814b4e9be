"""Kinds that only the admission door meets: other ways of bringing something into a tenant. A table."""

from __future__ import annotations

from dataclasses import replace

from provisioning.resources import Resource

KUSTOMIZATIONS = Resource("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")
HELM_CHARTS = Resource("source.toolkit.fluxcd.io", "v1", "helmcharts", "HelmChart")
GIT_REPOSITORIES = Resource("source.toolkit.fluxcd.io", "v1", "gitrepositories", "GitRepository")
BUCKETS = Resource("source.toolkit.fluxcd.io", "v1", "buckets", "Bucket")
IMAGE_REPOSITORIES = Resource("image.toolkit.fluxcd.io", "*", "imagerepositories", "ImageRepository")
RESOURCE_SETS = Resource("fluxcd.controlplane.io", "*", "resourcesets", "ResourceSet")
CONTROLLER_REVISIONS = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
PROFILES = Resource("config.projectsveltos.io", "v1beta1", "profiles", "Profile")
CLUSTER_PROFILES = Resource(
    "config.projectsveltos.io", "v1beta1", "clusterprofiles", "ClusterProfile", namespaced=False
)
SVELTOS_CLUSTERS = Resource("lib.projectsveltos.io", "*", "sveltosclusters", "SveltosCluster")
VOLUME_IMPORT_SOURCES = Resource("cdi.kubevirt.io", "v1beta1", "volumeimportsources", "VolumeImportSource")
APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
APPLICATION_SETS = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")
KUBEADM_CONTROL_PLANES = Resource(
    "controlplane.cluster.x-k8s.io", "v1beta2", "kubeadmcontrolplanes", "KubeadmControlPlane"
)
KUBEADM_CONTROL_PLANE_TEMPLATES = Resource(
    "controlplane.cluster.x-k8s.io", "v1beta2", "kubeadmcontrolplanetemplates", "KubeadmControlPlaneTemplate"
)
OLDER = tuple(replace(r, version="v1beta1") for r in (KUBEADM_CONTROL_PLANES, KUBEADM_CONTROL_PLANE_TEMPLATES))
"""Where a management cluster serves that only: `legacy` does not know them, and what is read of them is alike in both.
"""
