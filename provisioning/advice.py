"""What to do about a message of somebody else, whichever object or program says it. Pure; one table."""

from __future__ import annotations

from typing import Final

_CAUSES: Final = (
    (
        ("exceeded quota",),
        "a ResourceQuota of the namespace in the management cluster is full: raise it, or ask for less",
    ),
    (
        ("ImagePull", "ErrImage", "pull the container disk"),
        "see that the image of the Catalog exists, and that the management cluster's nodes may pull it",
    ),
    (("DataStore",), "bring the DataStore of the Catalog back: kubectl get datastores"),
    (
        ("failed calling webhook", "conversion webhook"),
        "the webhook named here does not answer: it is for whoever runs it to mend",
    ),
    (("denied the request",), "the webhook named here forbids it: it is for whoever runs it to allow"),
    (("denied request",), "the policy named here forbids it: it is for whoever wrote it to allow"),
    (
        ("matching contract version", "contract version"),
        "Cluster API finds no version of a provider that fits: see the contract labels on the provider's CRDs",
    ),
    (
        ("is not installed",),
        "install it, in the version that the docs name; kubectl clusterdesk preflight lists the rest",
    ),
    (("is forbidden",), "a right is missing: whoever runs the program that is named has to give it"),
    (("kubeconfig",), "the control plane's provider writes the Secret with the kubeconfig: look at its log"),
)
"""Texts, and what to do where one of them is said. The first that fits."""


def about(message: str) -> str:
    """What somebody could do; empty when nobody knows."""
    return next((hint for texts, hint in _CAUSES if any(text in message for text in texts)), "")
