"""Kinds that only the admission door meets: other ways of bringing something into a tenant. A table."""

from __future__ import annotations

from provisioning.resources import Resource

HELM_CHART_PROXIES = Resource("addons.cluster.x-k8s.io", "v1alpha1", "helmchartproxies", "HelmChartProxy")
HELM_RELEASE_PROXIES = Resource("addons.cluster.x-k8s.io", "v1alpha1", "helmreleaseproxies", "HelmReleaseProxy")
KUSTOMIZATIONS = Resource("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")
OCI_REPOSITORIES = Resource("source.toolkit.fluxcd.io", "v1", "ocirepositories", "OCIRepository")
HELM_CHARTS = Resource("source.toolkit.fluxcd.io", "v1", "helmcharts", "HelmChart")
