"""The page of metrics has every number that the programs publish."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest
from prometheus_client.metrics import MetricWrapperBase

import bot.metrics
import certs.metrics
import provisioning.metrics
import webhooks.metrics
from tests.docs.generated import stands
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "metrics.md"
MODULES = {
    "admission": webhooks.metrics,
    "engine": provisioning.metrics,
    "slack": bot.metrics,
    "certificates": certs.metrics,
}


def rows(module: ModuleType) -> Iterator[str]:
    yield from ("| metric | kind | labels | what it says |", "|---|---|---|---|")
    for metric in vars(module).values():
        if isinstance(metric, MetricWrapperBase):
            (found,) = metric.describe()
            name = f"{found.name}_total" if found.type == "counter" else found.name
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            yield f"| `{name}` | {found.type} | {labels} | {found.documentation} |"


@pytest.mark.parametrize("name", list(MODULES))
def test_every_metric_is_on_the_page(name: str) -> None:
    assert stands(PAGE, name, rows(MODULES[name]))
