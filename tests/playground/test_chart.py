"""What the playground takes from the chart: rights and admission as installed, on loopback addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground import chart, services
from playground.binaries import Binaries
from tests.playground.programs import script


def test_rights_and_admission_come_from_the_chart_itself(control_plane_binaries: Binaries) -> None:
    manifests = chart.rendered(control_plane_binaries, namespace=services.NAMESPACE)
    accounts = {m["metadata"]["name"] for m in chart.of_kinds(manifests, ("ServiceAccount",))}
    assert accounts == {account.name for account in services.ACCOUNTS.values()}
    hooks = chart.of_kinds(manifests, chart.ADMISSION)
    assert {hook["kind"] for hook in hooks} == set(chart.ADMISSION)
    for hook in chart.addressed(hooks, "https://127.0.0.1:1"):
        for webhook in hook["webhooks"]:
            assert set(webhook["clientConfig"]) == {"url"}
            assert webhook["clientConfig"]["url"].startswith("https://127.0.0.1:1/")
    line = chart.of_kinds(manifests, chart.SECOND_LINE)
    assert {each["kind"] for each in line} == set(chart.SECOND_LINE)
    assert {webhook["failurePolicy"] for hook in hooks for webhook in hook["webhooks"]} == {"Fail", "Ignore"}


def test_a_chart_that_helm_cannot_render_is_told_in_helms_words(tmp_path: Path) -> None:
    script(tmp_path / "helm", "import sys; sys.exit('Error: bad values')")
    with pytest.raises(chart.ChartBroken, match="Error: bad values"):
        chart.rendered(Binaries(tmp_path), namespace="any")
