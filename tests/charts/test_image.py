"""The image and the chart agree: programs that exist, a user that is not root, files that the build needs."""

import tomllib

import yaml

from tests.charts.rendering import CHART, COMPONENTS, Helm, container, only

ROOT = CHART.parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_program_that_the_chart_runs_is_installed_by_the_project(helm: Helm) -> None:
    manifests = helm.render()
    commands = {container(manifests, name)["command"][0] for name in COMPONENTS}
    assert commands <= set(PROJECT["project"]["scripts"])


def test_image_runs_as_the_number_that_the_chart_says(helm: Helm) -> None:
    (user,) = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("USER")]
    pod = only(helm.render(), "Deployment", "clusterdesk-bot")["spec"]["template"]["spec"]
    context = pod["securityContext"]
    assert user == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert context["runAsNonRoot"] is True


def test_build_is_sent_every_package_and_nothing_that_is_not_asked_for() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    sent = {line[1:] for line in lines if line.startswith("!")}
    packages = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages | {"pyproject.toml", "uv.lock", PROJECT["project"]["readme"]} <= sent
    assert sent <= packages | {
        "pyproject.toml",
        "uv.lock",
        PROJECT["project"]["readme"],
        *PROJECT["project"]["license-files"],
    }


def test_chart_and_project_have_the_same_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == PROJECT["project"]["version"]
