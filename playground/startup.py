"""The order in which a playground starts, and what waits for what. What each program is, is said in `services`."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from playground import accounts, apply, balancer, chart, management, services
from playground.binaries import Binaries
from playground.controlplane import ControlPlane
from playground.options import Options
from playground.ports import Ports
from playground.processes import Processes, answers
from playground.progress import Steps
from playground.record import Ready
from playground.services import Secrets, Service, Slack
from playground.upstream import read_all
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import TENANT_LEDGERS, Resource

VALIDATING_WEBHOOKS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)
OURS = "app.kubernetes.io/part-of=clusterdesk"
SIGHT_SECONDS = 30.0
"""How long our programs may take to see what we applied."""
SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Startup:
    """One start. `held` keeps what must stay open while the playground runs."""

    options: Options
    binaries: Binaries
    environ: Mapping[str, str]
    steps: Steps
    processes: Processes
    held: AsyncExitStack

    @property
    def ports(self) -> Ports:
        return Ports(self.options.state / "ports.json")

    async def everything(self) -> Ready:
        """Start all of it and wait until it can be used. Raises what `processes.answers` and `Kube` raise."""
        bot_port = self.options.bot_port or self.ports["bot"]
        slack, workspace_url = self.slack()
        async with asyncio.TaskGroup() as group:
            if workspace_url:
                page = services.workspace(slack, bot_port=bot_port, port=self.ports["workspace"])
                group.create_task(self.run(page))
            plane = await management.start_control_plane(
                self.processes, self.binaries, self.options.state, steps=self.steps
            )
        for user in users():
            plane.kubeconfig_for(user, path=plane.state / "people" / f"{user.partition('@')[0]}.yaml")
        replicas = [self.ports[f"webhooks-{number}"] for number in range(self.options.webhook_replicas)]
        async with await Kube.connect(kubeconfig=plane.kubeconfig) as kube:
            await self.install(kube, replicas)
            programs = await self.programs(kube, plane, slack, replicas=replicas, bot_port=bot_port)
            async with asyncio.TaskGroup() as group:
                group.create_task(
                    management.start_cluster_api(self.processes, plane, environ=self.environ, steps=self.steps)
                )
                for program in programs:
                    group.create_task(self.run(program))
            with self.steps.step("apply the sample catalog and tenants"):
                # Last, because the webhooks judge them like anything else.
                await apply.put_missing(kube, samples())
                # Watches and ledgers may come a moment later; whoever types the first command must not meet that one.
                health = [program.ready for program in programs if program.name in ("bot", "provisioner")]
                async with asyncio.timeout(SIGHT_SECONDS):
                    await asyncio.gather(
                        *(_in_sight(ready.replace("/readyz", "/metrics")) for ready in health), _counted(kube)
                    )
            bundle = await _bundle(kube)
        return Ready(
            kubeconfig=str(plane.kubeconfig),
            api_server=plane.url,
            workspace_url=workspace_url,
            bot_url=f"http://127.0.0.1:{bot_port}",
            signing_secret=slack.secrets.signing_secret,
            bot_token=slack.secrets.bot_token,
            app_token=slack.secrets.app_token,
            webhook_urls=tuple(f"https://127.0.0.1:{port}" for port in replicas),
            ca_bundle=bundle,
            pids={name: child.pid for name, child in self.processes.children.items()},
            logs=str(self.processes.logs),
        )

    async def install(self, kube: Kube, replicas: Sequence[int]) -> None:
        """Our rights and rules of admission, as the chart has them, and the address that stands for its Service."""
        front = self.ports["webhooks"]
        manifests = await asyncio.to_thread(chart.rendered, self.binaries, namespace=services.NAMESPACE)
        home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": services.NAMESPACE}}
        await apply.put(kube, [home, *chart.of_kinds(manifests, chart.RIGHTS + chart.SECOND_LINE)])
        # Registered before their replicas start: one is ready when the API server has its authority.
        hooks = chart.of_kinds(manifests, chart.ADMISSION)
        await apply.put(kube, chart.addressed(hooks, f"https://127.0.0.1:{front}"))
        await self.held.enter_async_context(balancer.balanced(front, replicas))

    async def programs(
        self, kube: Kube, plane: ControlPlane, slack: Slack, *, replicas: Sequence[int], bot_port: int
    ) -> list[Service]:
        """Everything of ours that needs the API server, each with its own account."""
        kubeconfigs = {
            name: await accounts.kubeconfig(kube, plane, account) for name, account in services.ACCOUNTS.items()
        }
        health = {name: self.ports[f"{name}-health"] for name in ("bot", "provisioner")}
        webhooks = [
            services.webhook(
                kubeconfigs["webhooks"], number, port=port, health_port=self.ports[f"webhooks-{number}-health"]
            )
            for number, port in enumerate(replicas)
        ]
        return [
            *webhooks,
            services.infrastructure(plane, tenant_apiservers=self.options.tenant_apiservers),
            services.provisioner(
                kubeconfigs["provisioner"],
                health_port=health["provisioner"],
                probe_tenants=self.options.tenant_apiservers,
            ),
            services.bot(kubeconfigs["bot"], slack, port=bot_port, health_port=health["bot"]),
        ]

    async def run(self, service: Service) -> None:
        """Start one of our programs and wait until it says that it is ready."""
        with self.steps.step(service.title):
            # Unbuffered, so that the last words of a program that dies are in its log.
            environment = {**self.environ, **service.environment, "PYTHONUNBUFFERED": "1"}
            child = self.processes.start(
                service.name, service.command, environment=environment, tier=service.tier, grace=service.grace
            )
            if service.ready:
                await answers(child, service.ready)

    def slack(self) -> tuple[Slack, str]:
        """The Slack that the bot talks to, and the address of our own page if it is that."""
        if self.options.slack_api_url:
            return Slack(self.options.slack_api_url, self.options.slack_mode, Secrets.given(self.environ)), ""
        url = f"http://127.0.0.1:{self.ports['workspace']}"
        return Slack(f"{url}/api/", self.options.slack_mode, Secrets.kept_in(self.options.state)), url


async def _in_sight(metrics_url: str) -> None:
    """Return when the program whose metrics these are holds as many catalogs and tenants as we have applied."""
    wanted = Counter(manifest["kind"] for manifest in samples())
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while True:
            async with session.get(metrics_url) as answer:
                families = text_string_to_metric_families(await answer.text())
            held = {
                sample.labels["resource"]: sample.value
                for family in families
                if family.name == "clusterdesk_cache_objects"
                for sample in family.samples
            }
            if held.get("catalogs", 0) >= wanted["Catalog"] and held.get("tenants", 0) >= wanted["Tenant"]:
                return
            await asyncio.sleep(0.05)


async def _counted(kube: Kube) -> None:
    """Return when every tenant has a ledger: nothing is let in before."""
    wanted = {manifest["metadata"]["name"] for manifest in samples() if manifest["kind"] == "Tenant"}
    while True:
        if wanted <= {each["metadata"]["name"] for each in (await kube.list(TENANT_LEDGERS)).items}:
            return
        await asyncio.sleep(0.05)


def samples() -> list[Manifest]:
    """What the playground opens with: a catalog and three tenants with their namespaces."""
    return [document for path in sorted(SAMPLES.glob("*.yaml")) for document in read_all(path)]


def users() -> list[str]:
    """The people of those tenants, as Kubernetes knows them."""
    tenants = [each["spec"] for each in samples() if each["kind"] == "Tenant"]
    return sorted({one["user"] for each in tenants for one in (*each["members"], *each["approvers"])})


async def _bundle(kube: Kube) -> str:
    """The authority that the webhooks have put into their configurations, as PEM."""
    found = await kube.list(VALIDATING_WEBHOOKS, labels=OURS)
    bundles = {
        base64.b64decode(hook["clientConfig"].get("caBundle", "")).decode()
        for item in found.items
        for hook in item["webhooks"]
    }
    return "".join(sorted(bundles))
