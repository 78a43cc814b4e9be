"""`kubectl clusterdesk` between people: one asks, another decides, and the first gets in, with a key of their own."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest
import yaml

from provisioning import approval_words
from tests.e2e.desk import Desk, eventually, nothing_left, quota_released
from tests.e2e.onlooker import Onlooker
from tests.plugin.running import run

pytestmark = [pytest.mark.real, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="package")]

NAMESPACE, CLUSTER, REQUEST = "tenant-team-c", "decided", "cr-decided"
WISH = {
    "apiVersion": "clusterdesk.dev/v1alpha1",
    "kind": "ClusterRequest",
    "metadata": {"name": REQUEST, "namespace": NAMESPACE},
    "spec": {
        "action": "Create",
        "cluster": CLUSTER,
        "desired": {"pools": [{"name": "md0", "flavor": "small", "replicas": 2}]},
        "digest": "sha256:" + "0" * 64,
        "requester": {"user": "lena@example.com"},
        "reason": "Nightly builds",
    },
}


async def test_what_somebody_asks_for_is_decided_and_entered_by_the_plugin(desk: Desk, tmp_path: Path) -> None:
    people = {}
    for user in ("lena", "omar"):
        # Copies: one of them gets another context.
        people[user] = tmp_path / user
        people[user].write_bytes(desk.kubeconfig_of(f"{user}@example.com").read_bytes())

    async def clusterdesk(user: str, *words: str, given: str = "") -> tuple[int, str, str]:
        return await run((desk.kubectl_program, people[user]), *words, "-n", NAMESPACE, given=given)

    async def approves(request: str) -> str:
        code, out, err = await clusterdesk("omar", "approve", request, given="y\n")
        assert code == 0, err
        return out

    code, printed = await desk.kubectl("apply", "-f", "-", given=yaml.safe_dump(WISH), kubeconfig=people["lena"])
    assert code == 0, printed

    # Who asked hears the words of Slack; who may decide sees first what it is.
    code, _, err = await clusterdesk("lena", "approve", REQUEST, "--yes")
    assert (code, err) == (1, f"{approval_words.OWN_REQUEST}\n")
    out = await approves(REQUEST)
    assert out.startswith(f"lena@example.com asks for a new cluster {CLUSTER} in {NAMESPACE}, of tenant team-c")
    for row in (
        r"pool md0 +2 x small \(2 vCPU, 4Gi each\)",
        r"quota: nodes +\d+ -> \d+ of 20",
        "reason +Nightly builds",
    ):
        assert re.search(rf"^{row} *$", out, re.MULTILINE), out
    assert out.endswith(f"Your approval of the request about {CLUSTER} counts.\n")
    await Onlooker(desk, "U0OMAR", "C0TEAMC").sees(f"(?s)asks for a new cluster {CLUSTER}.*Approved by")
    await eventually(lambda: desk.cluster(NAMESPACE, CLUSTER), what="the cluster")

    # At once: what is asked for before there is an API server waits for it.
    file = tmp_path / "mine.kubeconfig"
    code, out, err = await clusterdesk("lena", "access", CLUSTER, "--for=1h", f"--out={file}")
    assert code == 0, err
    assert out.endswith(f"Use it with: kubectl --kubeconfig {file} get pods --all-namespaces\n")
    assert "PRIVATE" not in out + err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (await desk.kubectl("get", "pods", "--all-namespaces", kubeconfig=file))[0] == 0
    assert (await desk.kubectl("auth", "can-i", "delete", "pods", kubeconfig=file))[0] == 1

    # As an administrator, and as one more context beside the way into the management cluster.
    code, out, err = await clusterdesk("lena", "access", CLUSTER, "--role=admin", "--merge")
    assert code == 0, err
    inside = ("--context", f"clusterdesk/{NAMESPACE}/{CLUSTER}")
    code, printed = await desk.kubectl(*inside, "get", "nodes", kubeconfig=people["lena"])
    assert code == 0, printed
    code, out, err = await clusterdesk("lena", "access", CLUSTER, "--revoke")
    assert code == 0, err
    for words in (("--kubeconfig", str(file)), inside):
        code, printed = await desk.kubectl(*words, "get", "pods", kubeconfig=people["lena"])
        assert (code, "forbidden" in printed.lower()) == (1, True), printed

    # The end of it is somebody else's to decide as well.
    code, out, err = await clusterdesk("lena", "delete", CLUSTER, "--yes", "-o", "json")
    assert code == 0, err
    assert "asks to delete the cluster" in await approves(json.loads(out)["metadata"]["name"])
    await nothing_left(desk, NAMESPACE, CLUSTER)
    await quota_released(desk, "team-c", CLUSTER)
