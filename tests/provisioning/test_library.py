"""What of kubernetes-asyncio and structlog our programs load."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNT = "import sys; print(sum(name.startswith('kubernetes_asyncio.client.models') for name in sys.modules))"


@pytest.mark.parametrize("program", ["webhooks.__main__", "provisioning.__main__", "bot.__main__"])
def test_no_program_loads_the_models_of_the_library(program: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", f"import {program}; {COUNT}"], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "1"  # The empty package.


def test_the_door_loads_no_second_http_client_and_who_wants_it_has_it_all_the_same() -> None:
    asked = "import webhooks.__main__, sys; print('urllib3' in sys.modules); import urllib3; print(urllib3.PoolManager)"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split("\n")[0] == "False"


def test_who_loaded_all_of_it_before_gets_the_same() -> None:
    whole = "import kubernetes_asyncio.client as whole; from provisioning.library import client; print(whole is client)"
    found = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "True"


def test_the_door_loads_no_colours_and_who_wants_them_has_them_all_the_same() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import webhooks.__main__, sys; print('rich' in sys.modules); import rich.console"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout.strip() == "False"
