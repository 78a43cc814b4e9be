"""A person's kubeconfig has all but the key."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from provisioning import kubeconfig
from provisioning.model import ClusterAccess
from provisioning.objects import Stored, read
from tests.provisioning.accesses import access

STATUS = {"certificate": "CERTIFICATE", "authority": "AUTHORITY", "server": "https://192.0.2.7:6443"}


def stored(status: Any = STATUS) -> Stored[ClusterAccess]:
    return read(ClusterAccess, {**access(), "status": status})


def test_it_leads_to_the_cluster_as_the_person() -> None:
    made = yaml.safe_load(kubeconfig.render(stored()))
    (cluster,), (user,), (context,) = made["clusters"], made["users"], made["contexts"]
    assert cluster["cluster"]["server"] == "https://192.0.2.7:6443"
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == b"AUTHORITY"
    assert base64.b64decode(user["user"]["client-certificate-data"]) == b"CERTIFICATE"
    assert (made["current-context"], context["context"]) == ("web", {"cluster": "web", "user": "ann"})


def test_there_is_no_key_in_it_but_the_name_of_the_file_that_has_it() -> None:
    (user,) = yaml.safe_load(kubeconfig.render(stored()))["users"]
    assert user["user"].keys() == {"client-certificate-data", "client-key"}
    assert user["user"]["client-key"] == "ann-web.key"
    assert "mine.pem" in kubeconfig.render(stored(), key_file="mine.pem")


def test_without_a_certificate_there_is_none() -> None:
    with pytest.raises(kubeconfig.NotIssued, match="ann-web is not there yet"):
        kubeconfig.render(stored({}))
