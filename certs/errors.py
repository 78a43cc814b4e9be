"""The named errors of certificates, as one small tree.

    CertsError
    ├── StoreError           what the API server (or the way to it) answered
    │   ├── Conflict         somebody wrote first: read again, decide again
    │   ├── Forbidden        RBAC, or an admission policy, says no
    │   └── Unavailable      5xx, timeouts, connections that broke: outcome unknown
    └── Malformed            a certificate, key or Secret that cannot be used

Library exceptions become these once, in the adapter (`certs.kube`) or where PEM is read (`certs.authority`).
"""

from __future__ import annotations


class CertsError(Exception):
    """Anything raised on purpose here."""


class StoreError(CertsError):
    """The API server said no, or could not be reached."""


class Conflict(StoreError):
    """A compare-and-swap was lost, a create found the name taken, or the `test` of a patch failed."""


class Forbidden(StoreError):
    """We may not do this. Waiting does not help; somebody must grant it."""


class Unavailable(StoreError):
    """Nobody knows whether the request took effect; doing it again must be safe."""


class Malformed(CertsError, ValueError):
    """Bytes that are no certificate, no key, or a pair that does not belong together."""
