"""Kinds that only the admission door meets: other ways of bringing something into a tenant. A table."""

from __future__ import annotations

from provisioning.resources import Resource

KUSTOMIZATIONS = Resource("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")
HELM_CHARTS = Resource("source.toolkit.fluxcd.io", "v1", "helmcharts", "HelmChart")
