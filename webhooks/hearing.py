"""One request before the policies that apply to it: what each has answered, and what they still need to know. No I/O.

What is looked up, reserved and doubted is the judge's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from provisioning import errors
from provisioning.names import TENANT_LABEL
from provisioning.resources import NAMESPACES
from webhooks import marks
from webhooks.charge import Charge
from webhooks.decision import INVALID, Allow, Deny, Verdict, merge, refuse
from webhooks.facts import Facts, One, Query, Unknown, Unusable
from webhooks.policy import Policy, Unless
from webhooks.review import Request

ALLOW = Allow()
"""Of whoever has nothing to say."""


class Hearing:
    """`ask` while there is something `unknown`, and `put` a verdict in place of each answer that is `waiting`: then
    there is a `verdict`."""

    def __init__(self, request: Request, policies: Sequence[Policy], facts: Facts) -> None:
        self.request = request
        self.facts = facts
        self.unknown: Sequence[Query] = ()
        """What those need to know who have not answered."""
        self._silent = _concerned(policies, request)
        self._verdicts: list[tuple[str, Verdict]] = []
        """With the names of the policies."""
        self.waiting: list[tuple[str, Charge | Unless]] = []
        """The answers that hang on the ledger, or on what has to be waited for."""

    def ask(self) -> None:
        """Ask every policy that has not answered yet."""
        silent: list[Policy] = []
        unknown: dict[Query, None] = {}
        for policy in self._silent:
            try:
                answer = _check(policy, self.request, self.facts)
            except Unknown as question:
                silent.append(policy)
                unknown.update(dict.fromkeys(question.queries))
            else:
                if isinstance(answer, Charge | Unless):
                    self.waiting.append((policy.name, answer))
                else:
                    self._verdicts.append((policy.name, answer))
        self._silent, self.unknown = silent, tuple(unknown)

    @property
    def refused(self) -> bool:
        """Whether somebody refuses already."""
        return any(isinstance(verdict, Deny) for _, verdict in self._verdicts)

    def put(self, name: str, verdict: Verdict) -> None:
        """What came of an answer that waited. It is told after those that did not."""
        self._verdicts.append((name, verdict))

    def verdict(self) -> Verdict:
        """All answers as one. What still waits says nothing."""
        for _, verdict in self._verdicts:
            if isinstance(verdict, Deny) or verdict.warnings or verdict.audit:
                break
        else:
            return ALLOW
        refusing = [name for name, verdict in self._verdicts if isinstance(verdict, Deny)]
        return self._noted(merge(verdict for _, verdict in self._verdicts), refusing)

    def _noted(self, verdict: Verdict, refusing: Sequence[str]) -> Verdict:
        """With what the audit log is to know of a refusal: by which policies, and whose the namespace is."""
        if not isinstance(verdict, Deny):
            return verdict
        namespace = self.facts.known.get(One(NAMESPACES, self.request.namespace))
        tenant = marks.label(namespace, TENANT_LABEL) if isinstance(namespace, dict) else ""
        noted = {"refused-by": ",".join(refusing), **({"tenant": tenant} if tenant else {})}
        return replace(verdict, audit={**noted, **verdict.audit})


def _concerned(policies: Sequence[Policy], request: Request) -> Sequence[Policy]:
    said: dict[Callable[[Request], bool] | None, bool] = {None: True}
    found: list[Policy] = []
    for policy in policies:
        concerns = policy.concerns
        if concerns is not None and concerns not in said:
            said[concerns] = concerns(request)
        if said[concerns]:
            found.append(policy)
    return found


def _check(policy: Policy, request: Request, facts: Facts) -> Verdict | Charge | Unless:
    try:
        return policy.check(request, facts)
    except RecursionError:
        # Deeper than the decoder still takes and than any rule can follow; no CRD has such a shape.
        return Deny("it is nested too deep to be judged", code=INVALID)
    except Unusable as error:
        return Deny(str(error))
    except errors.Invalid as error:
        # The CRD lets through what our own model does not; every policy that reads it says the same.
        return refuse(*(error.causes or (errors.Cause("", error.message),)), code=INVALID)
