"""A person's kubeconfig: their own key in it, for their eyes only, and nobody else's entries lost."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from plugin import keys, kubeconfigs
from plugin.errors import NotDone
from plugin.kubeconfigs import Target
from provisioning import issuing, kubeconfig
from provisioning.model import ClusterAccess
from provisioning.objects import read
from tests.provisioning.accesses import access

ISSUED = {"certificate": "CERTIFICATE", "authority": "AUTHORITY", "server": "https://192.0.2.7:6443"}


def content(name: str = "", key: str = "KEY") -> dict[str, Any]:
    stored = read(ClusterAccess, {**access(), "status": ISSUED})
    return kubeconfig.content(stored, {"client-key-data": kubeconfig.encoded(key)}, name=name)


def test_the_request_is_one_that_is_taken_and_belongs_to_the_key() -> None:
    key = keys.make()
    private = serialization.load_pem_private_key(key.pem.encode(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert issuing.public_key(key.request) == private.public_key()
    assert "PRIVATE" not in key.request + repr(key)


def test_no_two_keys_are_the_same() -> None:
    assert keys.make().pem != keys.make().pem


def test_the_file_is_for_its_owner_only_and_has_the_key(tmp_path: Path) -> None:
    target = Target(tmp_path / "web.kubeconfig")
    target.check()
    target.write(content())
    assert stat.S_IMODE(target.path.stat().st_mode) == 0o600
    (user,) = yaml.safe_load(target.path.read_text())["users"]
    assert base64.b64decode(user["user"]["client-key-data"]) == b"KEY"


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "web.kubeconfig"
    path.write_text("mine")
    for refused in (Target(path).check, lambda: Target(path).write(content())):
        with pytest.raises(NotDone, match=r"web\.kubeconfig exists already; .* --force"):
            refused()
    assert path.read_text() == "mine"
    path.chmod(0o644)
    Target(path, replace=True).check()
    Target(path, replace=True).write(content())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert yaml.safe_load(path.read_text())["current-context"] == "web"


def test_what_cannot_be_written_is_said_before_anything_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="there is no folder"):
        Target(tmp_path / "none" / "web.kubeconfig").check()
    with pytest.raises(NotDone, match="is no file"):
        Target(tmp_path, replace=True).check()


def test_a_write_that_fails_half_way_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("mine")
    with pytest.raises(yaml.YAMLError):
        kubeconfigs.write(path, {"what YAML cannot say": object()}, replace=True)
    with pytest.raises(yaml.YAMLError):
        kubeconfigs.write(tmp_path / "new", {"what YAML cannot say": object()}, replace=False)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"config": "mine"}


def test_merging_keeps_what_others_have_there_and_the_context_in_use(tmp_path: Path) -> None:
    path = tmp_path / "config"
    # The person's way into the management cluster, under the very names that the other cluster would have.
    path.write_text(yaml.safe_dump({**content(key="MANAGEMENT"), "preferences": {"colors": True}}))
    target = Target(path, merge=True)
    for key in ("FIRST", "SECOND"):
        target.check()
        target.write(content("clusterdesk/team-a/web", key))
    made = yaml.safe_load(path.read_text())
    found = {entry["name"]: base64.b64decode(entry["user"]["client-key-data"]) for entry in made["users"]}
    assert found == {"ann": b"MANAGEMENT", "clusterdesk/team-a/web": b"SECOND"}
    assert (made["current-context"], made["preferences"]) == ("web", {"colors": True})
    assert [entry["context"] for entry in made["contexts"]] == [
        {"cluster": "web", "user": "ann"},
        {"cluster": "clusterdesk/team-a/web", "user": "clusterdesk/team-a/web"},
    ]


def test_merging_into_nothing_makes_a_kubeconfig_that_works_at_once(tmp_path: Path) -> None:
    Target(tmp_path / "config", merge=True).write(content("new"))
    assert yaml.safe_load((tmp_path / "config").read_text()) == content("new")


def test_merging_follows_a_link_and_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / "config").symlink_to(tmp_path / "real")
    Target(tmp_path / "config", merge=True).write(content())
    assert (tmp_path / "config").is_symlink()
    assert yaml.safe_load((tmp_path / "real").read_text())["current-context"] == "web"


@pytest.mark.parametrize("text", ["[1, 2]", "users: {a: b}", "users: [1]", "{", "\0"])
def test_what_is_no_kubeconfig_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(NotDone, match="kubeconfig"):
        Target(path, merge=True).check()
    assert path.read_text() == text


def test_of_several_kubeconfigs_it_is_the_one_that_kubectl_would_write_to(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    both = Path(f"{first}:{second}")
    assert kubeconfigs.main_file(both) == second
    first.touch()
    assert kubeconfigs.main_file(both) == first
    assert kubeconfigs.main_file(first) == first
