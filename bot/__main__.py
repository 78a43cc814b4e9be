"""`clusterdesk-bot`: read the settings, put the bot together, run until told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import AsyncExitStack
from typing import Annotated, Literal

import pydantic
import typer
import yaml

from bot import manifest, metrics, slack
from bot.service import Service
from bot.settings import Settings
from bot.usergroups import UserGroups
from provisioning import audit_trail, handmade, health, lease, legacy_kube, logs, resources
from provisioning.audit import Tell
from provisioning.audit_heads import KubeHeads
from provisioning.cache import Cache
from provisioning.canary import Canary
from provisioning.desk import Desk
from provisioning.kube import Kube
from provisioning.memo import DELEGATES_TOLD, LeaseMemo
from provisioning.views import INDEXES, Views

LEASE = "clusterdesk-bot"

cli = typer.Typer(add_completion=False, no_args_is_help=False)


@cli.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Answer /cluster and keep the cards in Slack what the cluster says. Settings come from CLUSTERDESK_… ."""
    if context.invoked_subcommand is None:
        asyncio.run(run(_settings()))


@cli.command("manifest")
def print_manifest(
    mode: Annotated[Literal["http", "socket"], typer.Option(help="How Slack reaches the bot.")] = "socket",
    url: Annotated[str, typer.Option(help="HTTP mode: the bot's https:// address, without a path.")] = "",
    email: Annotated[bool, typer.Option("--email", help="People may be known by their e-mail address.")] = False,
) -> None:
    """Print the Slack app's manifest, to be pasted at api.slack.com/apps."""
    try:
        made = manifest.app_manifest(mode, url=url, email=email)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--url") from error
    typer.echo(yaml.safe_dump(made, sort_keys=False, allow_unicode=True), nl=False)


async def run(settings: Settings) -> None:
    """The bot with real parts, until SIGTERM or SIGINT."""
    logs.configure(fmt=settings.log_format, level=settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(await Kube.connect(kubeconfig=settings.kubeconfig))
        kube = await legacy_kube.fitting(plain, settings.api_profile)
        caches = {
            kind: Cache(kube, kind, indexes=INDEXES.get(kind))
            for kind in (
                resources.CATALOGS,
                resources.TENANTS,
                resources.TENANT_CLUSTERS,
                resources.CLUSTER_REQUESTS,
                resources.CLUSTER_ACCESSES,
                resources.APPROVAL_DELEGATIONS,
            )
        }

        # Not waited for: without them only the clusters that people made by hand are missing from lists.
        theirs = {
            resources.CLUSTERS: Cache(kube, resources.CLUSTERS, keep=handmade.kept),
            resources.KAMAJI_CONTROL_PLANES: Cache(kube, resources.KAMAJI_CONTROL_PLANES, keep=handmade.gist),
        }

        def waits() -> str:
            missing = [kind.plural for kind, cache in caches.items() if not cache.synced.is_set()]
            return f"waiting for the first list of {', '.join(missing)}" if missing else ""

        identity = lease.identity(settings.pod_name or socket.gethostname())
        trail = audit_trail.kept(
            KubeHeads(plain, settings.namespace, "bot"),
            writer=identity,
            file=settings.audit_file,
            now=plain.clock,
        )
        tell = await stack.enter_async_context(trail)
        service = _service(
            settings, kube=kube, caches=caches, theirs=theirs, waits=waits, stop=stop, identity=identity, tell=tell
        )
        await stack.enter_async_context(health.serving(settings.host, settings.health_port, waits=service.waits))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        followers = [group.create_task(cache.run()) for cache in (*caches.values(), *theirs.values())]
        await _until_stopped(service, stop)
        for follower in followers:
            follower.cancel()


def _service(
    settings: Settings,
    *,
    kube: Kube,
    caches: dict[resources.Resource, Cache],
    theirs: dict[resources.Resource, Cache],
    waits: health.Waits,
    stop: asyncio.Event,
    identity: str,
    tell: Tell,
) -> Service:
    views = Views(
        catalogs=caches[resources.CATALOGS],
        tenants=caches[resources.TENANTS],
        clusters=caches[resources.TENANT_CLUSTERS],
        requests=caches[resources.CLUSTER_REQUESTS],
        accesses=caches[resources.CLUSTER_ACCESSES],
        delegations=caches[resources.APPROVAL_DELEGATIONS],
        hosts=theirs[resources.CLUSTERS],
        control_planes=theirs[resources.KAMAJI_CONTROL_PLANES],
    )
    elector = lease.Elector(kube, name=LEASE, namespace=settings.namespace, identity=identity)

    async def elect(payload: lease.Payload) -> None:
        # A leader with empty caches would take every request for gone.
        for cache in caches.values():
            await cache.synced.wait()
        await elector.run(payload)

    token = settings.slack_bot_token.get_secret_value()
    groups = UserGroups(slack.client(token, api_url=settings.slack_api_url))
    return Service(
        settings=settings,
        # By the API server's clock, by which objects are dated: ours may be off.
        desk=Desk(kube, views, groups=groups, canary=_canary(kube, settings.canary_namespace), now=kube.now),
        tenants=caches[resources.TENANTS],
        requests=caches[resources.CLUSTER_REQUESTS],
        clusters=caches[resources.TENANT_CLUSTERS],
        accesses=caches[resources.CLUSTER_ACCESSES],
        delegations=caches[resources.APPROVAL_DELEGATIONS],
        elect=elect,
        caches=waits,
        tell=tell,
        memo=LeaseMemo(kube, LEASE, settings.namespace),
        delegates_told=LeaseMemo(kube, LEASE, settings.namespace, DELEGATES_TOLD),
        forget_group=groups.forget,
        now=kube.now,
        stop=stop,
    )


def _canary(kube: Kube, namespace: str) -> Canary:
    def told(enforced: bool) -> None:
        metrics.QUOTAS_ENFORCED.labels(namespace).set(enforced)

    return Canary(kube, namespace=namespace, told=told)


async def _until_stopped(service: Service, stop: asyncio.Event) -> None:
    """Run the service; being told to stop while Slack is not even reached ends it as well."""
    running = asyncio.create_task(service.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not service.listening.is_set() and not running.done():
        running.cancel()
        await asyncio.wait({running})
        return
    stopping.cancel()
    await running


def _settings() -> Settings:
    try:
        return Settings.model_validate({})
    except pydantic.ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            name = "_".join(str(part) for part in each["loc"]).upper()
            typer.echo(f"{'CLUSTERDESK_' + name + ': ' if name else ''}{each['msg']}", err=True)
        raise typer.Exit(2) from error


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
