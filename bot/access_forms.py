"""The form in which somebody asks for access: what makes the key, the request to be pasted, as whom, how long. Pure.

A form holds what was pasted while it is open, and nothing of it is drawn again by us.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from bot import blocks, entries, recipes, replies, text
from bot.blocks import Block, Option
from bot.offers import Place
from provisioning import issuing, lifetime
from provisioning.model import AccessPolicy, AccessRole

ENTER: Final = "cluster_access"
LONGEST: Final = 3000
"""Characters of a certificate request, as many as Slack's fields take. One of RSA-4096 has 1,700, of P-256 400."""
SPANS: Final = ("1h", "4h", "8h", "24h")
USUAL: Final = "8h"
SHORTEST: Final = timedelta(minutes=1)
_REQUEST: Final = re.compile(r"-----BEGIN ((?:NEW )?CERTIFICATE REQUEST)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    """What stands in the form's menus."""

    role: AccessRole
    valid_for: str


def spans(policy: AccessPolicy) -> tuple[str, ...]:
    """For how long access may be had, shortest first; nothing where nobody gets in."""
    longest = lifetime.parse(policy.longest)
    known = {lifetime.parse(each): each for each in (policy.longest, *SPANS)}
    return tuple(known[span] for span in sorted(known) if SHORTEST <= span <= longest)


def usual(offered: Sequence[str]) -> str:
    """The one that stands in the menu when nobody says."""
    return USUAL if USUAL in offered else offered[-1]


def enter(place: Place, cluster: str, choice: Choice, *, roles: Sequence[AccessRole], offered: Sequence[str]) -> Block:
    """The form. A span that somebody wrote behind the command is offered, too."""
    known = {lifetime.parse(each): each for each in (*offered, choice.valid_for)}
    how_long = [Option(known[span], text.lifetime(known[span])) for span in sorted(known)]
    as_whom = [Option(role.value, role.value, replies.ROLE[role]) for role in roles]
    pasted = blocks.text_input(longest=LONGEST, lines=True, placeholder=replies.CSR_PLACEHOLDER)
    return blocks.modal(
        ENTER,
        title=replies.ACCESS_TITLE,
        blocks=[
            blocks.context(f"{text.code(cluster)} · {text.code(place.label)}"),
            blocks.section(replies.ACCESS_KEY),
            blocks.preformatted(recipes.make_request(place.namespace, cluster)),
            blocks.field("csr", replies.CSR, pasted, hint=replies.CSR_HINT),
            blocks.field("role", replies.ROLE_LABEL, blocks.select(as_whom, chosen=choice.role.value)),
            blocks.field("lifetime", replies.ACCESS_FOR, blocks.select(how_long, chosen=choice.valid_for)),
            blocks.context(replies.access_by_kubectl(cluster, place.namespace)),
        ],
        submit=replies.GET_ACCESS,
        close=replies.CANCEL,
        metadata=json.dumps({"namespace": place.namespace, "cluster": cluster}),
    )


def request(values: Mapping[str, Any]) -> str:
    """The certificate request in the form, without what a terminal printed around it. Raises `issuing.Refused`."""
    pasted = entries.typed(values, "csr")
    if len(pasted) > LONGEST:
        raise issuing.Refused(f"it has more than {LONGEST} characters")
    found = _REQUEST.search(pasted)
    tidy = "\n".join(line.strip() for line in found[0].splitlines() if line.strip()) + "\n" if found else pasted
    issuing.public_key(tidy)
    return tidy


def choice(values: Mapping[str, Any]) -> Choice | None:
    """What is chosen; None when something is not."""
    role, span = entries.chosen(values, "role"), entries.chosen(values, "lifetime")
    return Choice(AccessRole(role), span) if role and span else None


def role_of(word: str) -> AccessRole | None:
    """`admin` -> the role; None for what is none."""
    return next((role for role in AccessRole if role.value.lower() == word.lower()), None)
