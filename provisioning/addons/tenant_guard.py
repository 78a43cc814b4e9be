"""The tenant guard: a ValidatingAdmissionPolicy inside the tenant that refuses what belongs beside its control plane.

The webhook of the management cluster sees what is sent into a tenant, not what its own people apply there; this says
the same to them. It is a guard rail and no wall: whoever may do everything in the tenant may delete it, and still has
no credential of the management cluster. So what it cannot judge it lets pass (a command so long that CEL gives up):
that nothing runs in the tenant any more would be worse.

What is refused, and by what it is known, is a table (`provisioning.components`) that the webhook reads as well; here it
becomes CEL. One line each: what has several is read as a script by the webhook when it passes there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from provisioning import resources
from provisioning.components import ARCHITECTURES, COMPONENTS, Component, Flag
from provisioning.manifests.marks import MANAGED_BY, MANAGED_BY_LABEL, Manifest
from provisioning.model import CatalogSpec

NAME: Final = "tenant-guard"
POLICY: Final = f"hosted-controllers-only.{resources.GROUP}"
API_VERSION: Final = "admissionregistration.k8s.io/v1"
WORKLOADS: Final = (
    ("", ("pods", "pods/ephemeralcontainers", "replicationcontrollers")),
    ("apps", ("deployments", "daemonsets", "statefulsets", "replicasets")),
    ("batch", ("jobs", "cronjobs")),
)
_APART: Final = r"\s;|&()\x22\x27"
"""What separates words, quotes among it: commands are given to a shell as well."""
_START, _END = rf"(?:^|[{_APART}])", rf"(?:[{_APART}]|$)"
_ANY_ARCHITECTURE: Final = f"(?:-(?:{'|'.join(ARCHITECTURES)}))?"
_POD: Final = (
    "{0}.kind == 'Pod' ? {0}.spec : {0}.kind == 'CronJob' ? {0}.spec.jobTemplate.spec.template.spec : "
    "has({0}.spec.template) ? {0}.spec.template.spec : {{}}"
)
_CONTAINERS: Final = " + ".join(
    f"(has(variables.pod.{key}) ? variables.pod.{key} : [])"
    for key in ("initContainers", "containers", "ephemeralContainers")
)
_PROGRAMS: Final = (
    "variables.containers.map(c, {'name': string(c.name), 'image': has(c.image) ? string(c.image) : '', "
    "'words': ((has(c.command) ? c.command : []) + (has(c.args) ? c.args : [])).join(' '), "
    "'environment': (has(c.env) ? c.env.map(e, e.name) : []).join(' ')})"
)


def manifests(_catalog: CatalogSpec) -> list[Manifest]:
    """The policy and its binding, as they stand in the tenant."""
    metadata = {"name": POLICY, "labels": {MANAGED_BY_LABEL: MANAGED_BY}}
    policy = {
        "failurePolicy": "Ignore",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [group],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": list(kinds),
                }
                for group, kinds in WORKLOADS
            ]
        },
        "variables": [{"name": name, "expression": expression} for name, expression in _variables()],
        "validations": [_validation(component, index) for index, component in enumerate(COMPONENTS)],
    }
    binding = {"policyName": POLICY, "validationActions": ["Deny"]}
    return [
        {"apiVersion": API_VERSION, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": policy},
        {"apiVersion": API_VERSION, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": binding},
    ]


def _variables() -> Iterable[tuple[str, str]]:
    """Each may use those before it."""
    yield "pod", _POD.format("object")
    # What was there before the guard, or before an image got onto the list, must stay changeable and removable.
    yield "unchanged", f"oldObject != null && ({_POD.format('oldObject')}) == variables.pod"
    yield "containers", _CONTAINERS
    yield "programs", _PROGRAMS
    for index, component in enumerate(COMPONENTS):
        yield _found(index), f"variables.programs.filter(p, {_is(component)}).map(p, p.name).join(', ')"


def _found(index: int) -> str:
    """The variable that names the containers which are the component of that place in the table."""
    return f"found{index}"


def _validation(component: Component, index: int) -> Manifest:
    told = (
        f"{component.name}: {component.place}; clusterdesk runs it beside the control plane of this cluster, "
        "so leave it out here"
    )
    return {
        "expression": f"variables.unchanged || variables.{_found(index)} == ''",
        "message": f"a container is {told}",
        "messageExpression": f"'container ' + variables.{_found(index)} + {_text(f' is {told}')}",
        "reason": "Forbidden",
    }


def _is(component: Component) -> str:
    """Whether the program `p` is that component."""
    signs = [_matches("p.words", f"{_START}--?(?:{'|'.join(map(_flag, component.flags))})")]
    if component.images:
        signs += [_matches("p.image", _image(component.images)), _matches("p.words", _program(component.images))]
    if component.environment:
        signs.append(_matches("p.environment", f"(?:^| )(?:{_any(component.environment)})(?: |$)"))
    if component.shared_images:
        name, _, value = component.node_only.lstrip("-").partition("=")
        alone = _matches("p.words", rf"{_START}--?{_name(name)}=[\x22\x27]?{value}{_END}")
        beside = f"variables.programs.exists(o, {_matches('o.image', _image(component.sidecars))})"
        signs.append(f"({_matches('p.image', _image(component.shared_images))} && (!{alone} || {beside}))")
    return " || ".join(signs)


def _flag(flag: Flag) -> str:
    """A flag as it comes in a command, after its dashes: its value after a sign, or as a word of its own."""
    value = rf"(?:=|\s+)[\x22\x27]?(?:{flag.values}){_END}" if flag.values else f"(?:=|{_END})"
    name = _name(flag.name)
    return f"{name}(?:{value}|{_END})" if flag.bare else f"{name}{value}"


def _name(name: str) -> str:
    """Of a flag: programs take it with underscores too."""
    return name.replace("-", "[-_]")


def _image(names: Iterable[str]) -> str:
    return f"(?i)^(?:.*/)?(?:{_any(names)}){_ANY_ARCHITECTURE}(?:[:@].*)?$"


def _program(names: Iterable[str]) -> str:
    """A program that is run, by its path or not; a flag that speaks of one is none."""
    path = f"(?:[^-{_APART}][^{_APART}]*/|/)?"
    return f"(?i){_START}{path}(?:{_any(names)}){_ANY_ARCHITECTURE}(?:[:@][^{_APART}]*)?{_END}"


def _any(names: Iterable[str]) -> str:
    return "|".join(sorted(names))


def _matches(text: str, pattern: str) -> str:
    return f"{text}.matches(r'{pattern}')"


def _text(text: str) -> str:
    """A CEL string literal; nothing in the table needs escaping but the apostrophe."""
    return "'" + text.replace("'", "\\'") + "'"
