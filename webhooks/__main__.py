"""`python -m webhooks`: puts the admission door together from the environment, serves it, and leaves in good order."""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

import provisioning.library  # before certs.kube, which would load all of it
import provisioning.plain_traces  # noqa: F401 - before structlog, which would load more

# isort: split
import structlog

import certs.kube
from certs.errors import CertsError
from certs.files import Files
from certs.keeper import Keeper
from certs.ports import Source
from provisioning import audit_trail, errors, events, health, lease, legacy_kube, logs, loops
from provisioning.audit import Tell
from provisioning.audit_heads import KubeHeads
from provisioning.kube import Kube
from provisioning.ledgers import KubeLedgers
from provisioning.resources import GROUP
from webhooks import standing
from webhooks.app import App, serving
from webhooks.connections import Turnover
from webhooks.defaults import DEFAULTS
from webhooks.denials import Denials
from webhooks.judge import Judge
from webhooks.landings import Landings
from webhooks.ledgers import BatchedLedgers, LedgerProbe
from webhooks.lookup import KubeLookup
from webhooks.policies import POLICIES
from webhooks.second_look import SecondLook
from webhooks.settings import Settings

LEASE: Final = "clusterdesk-webhooks"
CONTROLLER: Final = f"{GROUP}/webhooks"
"""Of Events."""

log = structlog.get_logger()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings()
    logs.configure(fmt=settings.log_format, level=settings.log_level)
    try:
        # Most of what a review costs is sockets and TLS.
        with asyncio.Runner(loop_factory=loops.quickest()) as runner:
            runner.run(serve(settings))
    except* (errors.KubeError, CertsError, OSError) as failures:
        for failure in failures.exceptions:
            log.error("webhooks_stopped", error=str(failure), kind=type(failure).__name__)
        sys.exit(1)


async def serve(settings: Settings) -> None:
    """The whole life of one replica."""
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)
    async with await Kube.connect(kubeconfig=settings.kubeconfig) as plain, _certificates(settings) as source:
        kube = await legacy_kube.fitting(plain, settings.api_profile)
        context = await source.context()
        lookup = KubeLookup(kube)
        probe = LedgerProbe(kube, namespace=settings.namespace)
        # No name of a Pod: one that is made anew must not take for its own what the one before had charged ahead.
        ledgers = BatchedLedgers(KubeLedgers(kube, settings.namespace), door=secrets.token_hex(8))
        judge = Judge(POLICIES, DEFAULTS, lookup, ledgers, settings.trusted(), now=plain.clock, near=lookup)

        def why_not_ready() -> str | None:
            return lookup.why_not_ready() or probe.why_not_ready() or source.why_not_ready()

        heads = KubeHeads(plain, settings.namespace, "webhooks")
        identity = lease.identity(settings.pod_name or socket.gethostname())
        elector = lease.Elector(plain, name=LEASE, namespace=settings.namespace, identity=identity)
        async with (
            audit_trail.kept(heads, writer=identity, file=settings.audit_file, now=plain.clock) as tell,
            asyncio.TaskGroup() as group,
        ):
            denials, landings = Denials(tell), Landings(lookup, settings.trusted(), tell)
            turnover = Turnover(settings.connection_seconds)
            app = App(judge, why_not_ready=why_not_ready, note=denials.note, admitted=landings.note, turnover=turnover)
            tasks = [group.create_task(part.run()) for part in (lookup, probe, source, denials, landings)]
            tasks.append(group.create_task(elector.run(_second_look(kube, lookup, judge, identity, tell).run)))
            # What is loaded by now stays. Looking through it for garbage again and again would hold up whoever asks.
            gc.collect()
            gc.freeze()
            async with (
                serving(app, context, host=settings.host, port=settings.port) as port,
                health.serving(settings.host, settings.health_port, waits=lambda: app.why_not_ready() or ""),
            ):
                log.info("webhooks_serving", host=settings.host, port=port, policies=len(POLICIES))
                await leaving.wait()
                log.info("webhooks_leaving", after=settings.drain_seconds)
                app.leave()
                await app.left_alone(settings.drain_seconds)
                await ledgers.leave()
            for task in tasks:
                task.cancel()


def _second_look(kube: Kube, lookup: KubeLookup, judge: Judge, identity: str, tell: Tell) -> SecondLook:
    recorder = events.Recorder(kube, now=kube.clock, instance=identity, controller=CONTROLLER)
    return SecondLook(lookup, replace(judge, policies=standing.POLICIES), recorder, tell)


@asynccontextmanager
async def _certificates(settings: Settings) -> AsyncIterator[Source]:
    if settings.certs_mode == "cert-manager":
        yield Files(settings.certs_folder / "tls.crt", settings.certs_folder / "tls.key")
        return
    async with certs.kube.connect(
        namespace=settings.namespace, secret=settings.certs_secret, kubeconfig=settings.kubeconfig
    ) as store:
        yield Keeper(store, hosts=settings.names(), leaf_life=timedelta(days=settings.certs_leaf_days))


if __name__ == "__main__":
    main()
