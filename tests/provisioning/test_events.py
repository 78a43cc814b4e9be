"""Events that are repeated are counted, and those that cannot be written fail nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from provisioning import events, resources
from provisioning.events import Recorder
from provisioning.news import News
from tests.fakes.api_server import connected
from tests.provisioning.manifests.examples import CREATED, NAMESPACE, UID, cluster

NOW = CREATED + timedelta(seconds=30)


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


PUT_RIGHT = News("DriftPutRight", "Deployment web-csi-controller is again as it should be", "Apply")


async def test_an_event_says_of_what_it_is_and_whose_words_it_has() -> None:
    async with connected() as (server, kube):
        await Recorder(kube, now=lambda: NOW).tell(cluster(), [PUT_RIGHT])
        (event,) = server.all(resources.EVENTS, NAMESPACE)
    assert event["regarding"] == {
        "apiVersion": "clusterdesk.dev/v1alpha1",
        "kind": "TenantCluster",
        "namespace": NAMESPACE,
        "name": "web",
        "uid": UID,
    }
    assert (event["type"], event["reason"], event["action"]) == ("Normal", "DriftPutRight", "Apply")
    assert event["note"] == PUT_RIGHT.note
    assert event["eventTime"] == "2026-08-03T09:00:30.000000Z"


async def test_the_same_event_again_is_counted_and_not_in_every_second() -> None:
    async with connected() as (server, kube):
        clock = Clock()
        recorder = Recorder(kube, now=lambda: NOW, clock=clock)
        for _ in range(5):
            await recorder.tell(cluster(), [PUT_RIGHT])
        (event,) = server.all(resources.EVENTS, NAMESPACE)
        assert "series" not in event
        for times in (2, 3):
            clock.seconds += events.QUIET
            await recorder.tell(cluster(), [PUT_RIGHT])
            (event,) = server.all(resources.EVENTS, NAMESPACE)
            assert event["series"]["count"] == times


async def test_who_is_started_anew_goes_on_counting() -> None:
    async with connected() as (server, kube):
        for _ in range(2):
            await Recorder(kube, now=lambda: NOW).tell(cluster(), [PUT_RIGHT])
        (event,) = server.all(resources.EVENTS, NAMESPACE)
    assert event["series"]["count"] == 2


@pytest.mark.parametrize("answer", [403, 404, 500])
async def test_an_api_server_that_takes_no_events_fails_nothing(answer: int) -> None:
    async with connected() as (server, kube):
        server.fail(answer, plural="events", times=3)
        await Recorder(kube, now=lambda: NOW).tell(cluster(), [PUT_RIGHT, News("Other", "x" * 5000)])
        server.heal()
        await Recorder(kube, now=lambda: NOW).tell(cluster(), [News("Other", "x" * 5000)])
        assert all(len(event["note"]) <= events.NOTE_MAX for event in server.all(resources.EVENTS, NAMESPACE))
