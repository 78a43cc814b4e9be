"""kubernetes-asyncio without its typed models and urllib3, which nobody uses here: 34 MiB less in each of our programs.

Its packages import a thousand modules as soon as they are imported. So they are made by hand here, empty but for what
`provisioning.connection` needs; whoever imports them later gets these. Import this before anything else that knows the
library, or all of it is there already, which is as right and only larger.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Final

_NAME: Final = "kubernetes_asyncio"


def _package(name: str, **parts: object) -> ModuleType:
    """The package, found as Python finds it, with these parts in place of all that it would import."""
    parent = name.rpartition(".")[0]
    spec = PathFinder.find_spec(name, sys.modules[parent].__path__ if parent else None)
    if spec is None:
        raise ImportError(f"there is no package {name}", name=name)
    package = module_from_spec(spec)
    package.__dict__.update(parts)
    sys.modules[name] = package
    if parent:
        setattr(sys.modules[parent], name.rpartition(".")[2], package)
    return package


@contextlib.contextmanager
def _without(name: str) -> Iterator[None]:
    """For as long, whoever imports this module gets an empty one."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = ModuleType(name)
    try:
        yield
    finally:
        del sys.modules[name]


def _lighten() -> None:
    _package(_NAME)
    client = _package(f"{_NAME}.client")
    _package(f"{_NAME}.client.models")
    # Only for passwords in a configuration, which no API server takes any more.
    with _without("urllib3"):
        for module, name in (
            ("exceptions", "ApiException"),
            ("configuration", "Configuration"),
            ("api_client", "ApiClient"),
        ):
            setattr(client, name, getattr(importlib.import_module(f"{_NAME}.client.{module}"), name))


if _NAME not in sys.modules:
    _lighten()

import kubernetes_asyncio.client as client  # noqa: E402
import kubernetes_asyncio.config as config  # noqa: E402

__all__ = ["client", "config"]
