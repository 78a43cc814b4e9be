"""Where content comes from, and whether the platform vouches for that: by its Catalog, by address and name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from provisioning.model import CatalogSpec

_TRICKY = re.compile(r"[\s%?#\\{}]|(^|/)\.\.?(/|$)")
"""By these an address leads elsewhere than it seems to."""
KEPT_REFS: Final = ("refs/heads/", "refs/tags/")
"""Below these in Git is what those write to whom a repository belongs."""
_PROPOSED: Final = ("pull", "pull-requests", "merge-requests", "keep-around", "pipelines", "changes", "for")
"""Below `refs/`, where Git servers keep what others propose."""
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{7,}")
"""What Argo CD takes for a commit, or for the beginning of one, where there is no ref of that name."""


@dataclass(frozen=True)
class Origin:
    """An address, the field that names it, and the chart that is taken from there; empty for what is no chart."""

    url: str
    field: str
    chart: str = ""


@dataclass(frozen=True)
class Revision:
    """What is taken from a Git repository, and the field that names it."""

    name: str
    field: str

    @property
    def is_commit(self) -> bool:
        return _COMMIT.fullmatch(self.name) is not None

    @property
    def is_kept(self) -> bool:
        """Whether it can be a branch or a tag only. A server has the commits of everybody who proposes one."""
        first, *rest = self.name.split("/")
        if first == "refs":
            return self.name.startswith(KEPT_REFS)
        return not self.is_commit and not (rest and first in _PROPOSED)


def is_offered(origin: Origin, catalog: CatalogSpec) -> bool:
    """Whether it is a chart of the Catalog, of whatever version."""
    asked = (_registry(origin.url), origin.chart)
    return asked in {(_registry(a.chart.repository), a.chart.name) for a in catalog.add_ons}


def is_trusted(url: str, catalog: CatalogSpec) -> bool:
    """Whether the address is one of the Catalog's `trustedSources`, or below one."""
    asked = _address(url)
    return not _TRICKY.search(url.strip()) and any(
        asked == _address(known) or asked.startswith(f"{_address(known)}/") for known in catalog.trusted_sources
    )


def _registry(url: str) -> str:
    # Argo CD has registries without their scheme.
    return url.removeprefix("oci://").rstrip("/")


def _address(url: str) -> str:
    """The scheme and the host are the same however they are written, and so is a Git repository."""
    scheme, separator, rest = url.strip().partition("://")
    host, slash, path = rest.rstrip("/").partition("/")
    return f"{scheme.lower()}{separator}{host.lower()}{slash}{path}".removesuffix(".git")
