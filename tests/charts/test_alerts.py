"""The alerts ask for numbers that our programs publish, and each is told of in the docs."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from prometheus_client.metrics import MetricWrapperBase

import bot.metrics
import certs.metrics
import provisioning.metrics
import webhooks.metrics
from provisioning.manifest import Manifest
from tests.charts.rendering import CHART, Helm, kinds, only

ON = {"metrics": {"prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}}}}
PUBLISHED: Mapping[str, tuple[str, ...]] = {
    found.name: metric._labelnames
    for module in (bot.metrics, certs.metrics, provisioning.metrics, webhooks.metrics)
    for metric in vars(module).values()
    if isinstance(metric, MetricWrapperBase)
    for found in metric.describe()
}
"""The labels of each metric."""
PAGE = (CHART.parents[1] / "docs" / "metrics.md").read_text()


@pytest.fixture(scope="module")
def rule(helm: Helm) -> Manifest:
    return only(helm.render(ON), "PrometheusRule", "clusterdesk-alerts")


def alerts(rule: Manifest) -> list[Manifest]:
    (group,) = rule["spec"]["groups"]
    found: list[Manifest] = group["rules"]
    return found


def test_alerts_are_made_only_where_somebody_wants_them(helm: Helm, rule: Manifest) -> None:
    assert kinds(helm.render(), "PrometheusRule") == []
    assert rule["metadata"]["labels"]["release"] == "prometheus"


def test_an_alert_asks_for_what_is_published_with_the_labels_that_it_has(rule: Manifest) -> None:
    asked = set()
    for alert in alerts(rule):
        (metric,) = re.findall(r"\bclusterdesk_\w+", alert["expr"])
        by = re.findall(r"\bby \((.*?)\)", alert["expr"])
        told = re.findall(r"\$labels\.(\w+)", " ".join(alert["annotations"].values()))
        grouped = {label.strip() for labels in by for label in labels.split(",")}
        assert grouped <= set(PUBLISHED[metric]), alert["alert"]
        # What is summed up keeps no other label.
        kept = grouped if "max" in alert["expr"] else set(PUBLISHED[metric])
        assert set(told) <= kept, alert["alert"]
        asked.add(metric)
    assert {"clusterdesk_admission_forbidden_standing", "clusterdesk_admission_looked_timestamp_seconds"} <= asked


def test_each_alert_says_what_it_is_and_is_on_the_page_of_metrics(rule: Manifest) -> None:
    told = re.findall(r"^\| `(Clusterdesk\w+)` \|", PAGE, flags=re.MULTILINE)
    assert told == [alert["alert"] for alert in alerts(rule)]
    for alert in alerts(rule):
        assert alert["annotations"].keys() == {"summary", "description"}
        assert alert["labels"]["severity"] in ("warning", "critical")
