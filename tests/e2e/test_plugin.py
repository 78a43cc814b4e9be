"""`kubectl clusterdesk` in a person's hands: a cluster's life in a tenant where small ones need nobody's approval."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.e2e.desk import Desk, eventually, nothing_left, quota_released
from tests.e2e.onlooker import Onlooker
from tests.plugin.running import run

pytestmark = [pytest.mark.real, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="package")]

NAMESPACE, CLUSTER = "tenant-team-c", "by-plugin"


async def test_a_cluster_is_made_scaled_asked_for_more_and_deleted_by_a_member(desk: Desk) -> None:
    lena = (desk.kubectl_program, desk.kubeconfig_of("lena@example.com"))

    async def clusterdesk(command: str, *more: str) -> tuple[int, str, str]:
        return await run(lena, *command.split(), "-n", NAMESPACE, *more)

    # What the webhooks would refuse is refused, with every reason at its field, and nothing is there.
    code, out, err = await clusterdesk(f"create {CLUSTER} --flavor=large --replicas=30 --lifetime=1000h")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"{CLUSTER} was not created, for 4 reasons:",
        "- spec.lifetime: 1000h is longer than the 336h that this tenant may have",
        "- spec.pools: nodes: asks for 31, 20 of 20 free (0 used)",
        "- spec.pools: vCPU: asks for 248, 60 of 60 free (0 used)",
        "- spec.pools: memory: asks for 992Gi, 160Gi of 160Gi free (0 used)",
    ]
    code, out, err = await clusterdesk(f"create {CLUSTER} --flavor=small --add-on=cert-manager --wait --timeout=5m")
    assert code == 0, err
    assert f"{CLUSTER} is ready · v1.34.4" in out
    stored = await desk.cluster(NAMESPACE, CLUSTER)
    assert stored is not None
    assert stored["metadata"]["annotations"]["clusterdesk.dev/requested-by"] == "lena@example.com"

    code, out, _ = await clusterdesk("list")
    assert re.search(rf"^{CLUSTER} +Ready +1 x small +v1.34.4 +\d", out, re.MULTILINE), out
    await Onlooker(desk, "U0LENA", "C0TEAMC").hears(f"{CLUSTER} is ready · team-c", of=f"/cluster show {CLUSTER}")
    # Above the quota it is refused; by the tenant's rule for small clusters it happens; in between somebody decides.
    code, _, err = await clusterdesk(f"scale {CLUSTER} --replicas=40")
    assert code == 1
    assert f"\n- spec.pools: nodes: asks for 39, 18 of 20 free (2 used, most by {CLUSTER} with 2)\n" in err
    code, out, err = await clusterdesk(f"scale {CLUSTER} --replicas=0")
    assert (code, out) == (0, f"{CLUSTER}: workers 1 x small -> 0 x small\n"), err
    code, out, err = await clusterdesk(f"scale {CLUSTER} --replicas=5 --reason=Release")
    assert code == 0, err
    assert "1 approver of tenant team-c must agree: omar@example.com" in out
    assert re.match(r"cr-[a-z2-7]{10}: a change of by-plugin is asked for", out)
    code, out, err = await clusterdesk(f"extend {CLUSTER} 24h")
    assert code == 0, err
    assert "(lifetime 48h -> 72h)" in out
    code, out, err = await clusterdesk(f"upgrade {CLUSTER}")
    assert (code, out) == (0, f"{CLUSTER}: v1.34.4 -> v1.35.1, of what may follow: v1.35.1\n"), err

    code, out, err = await clusterdesk(f"delete {CLUSTER} --yes --wait --timeout=5m")
    assert code == 0, err
    assert out.endswith(f"{CLUSTER} is gone\n")
    await nothing_left(desk, NAMESPACE, CLUSTER)
    await quota_released(desk, "team-c", CLUSTER)


async def test_who_waits_for_an_approval_hears_the_answer(desk: Desk) -> None:
    lena, omar = ((desk.kubectl_program, desk.kubeconfig_of(f"{user}@example.com")) for user in ("lena", "omar"))
    namespace = "tenant-team-a"
    waiting = asyncio.create_task(
        run(lena, "create", "unwanted", "--flavor=small", "-n", namespace, "--wait", "--timeout=5m")
    )

    async def asked() -> list[str]:
        _, out, _ = await run(omar, "list", "-n", namespace)
        return re.findall(
            r"^unwanted: create asked by lena@example.com, waiting for approval \((.+)\)$", out, re.MULTILINE
        )

    (request,) = await eventually(asked, what="the request")
    code, _, err = await run(omar, "deny", request, "-n", namespace, "--reason", "no room", "--yes")
    assert code == 0, err
    code, out, err = await waiting
    assert (code, err) == (1, "unwanted was denied by omar@example.com: no room\n")
    assert "1 approver of tenant team-a must agree: omar@example.com, eva@example.com" in out
    await Onlooker(desk, "U0EVA", "C0TEAMA").sees("(?s)asks for a new cluster unwanted.*Denied by.*no room")
