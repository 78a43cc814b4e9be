"""YAML for those who read nothing else: manifests in a ConfigMap, settings of a driver.

By the library's writer in C where there is one. The one in Python took nine tenths of every look at a cluster.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

UNFOLDED: Final = 2**31 - 1
_DUMPER: Final[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def written(*documents: object, width: int = 80) -> str:
    """The documents, sorted, so that two renders are byte-equal. A text is folded where it is longer than `width`."""
    text: str = yaml.dump_all(documents, Dumper=_DUMPER, sort_keys=True, width=width)
    return text
