"""The digest that binds an approval to what was shown. Pure.

Defaults are left out of what is hashed, so a field added to the model later leaves old digests alone.
"""

from __future__ import annotations

import hashlib
import json

from provisioning.model import Action, ClusterSpec


def digest_of(*, action: Action, cluster: str, desired: ClusterSpec | None) -> str:
    """`sha256:` and 64 hex digits over the action, the cluster's name and the desired spec."""
    content = {
        "action": action.value,
        "cluster": cluster,
        "desired": desired.wire() if desired is not None else None,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
