"""The tenant guard: a ValidatingAdmissionPolicy inside the tenant that refuses what belongs beside its control plane.

The webhook of the management cluster sees what is sent into a tenant, not what its own people apply there; this says
the same to them. It is a guard rail and no wall: whoever may do everything in the tenant may delete it, and still has
no credential of the management cluster. So what it cannot judge it lets pass (a command so long that CEL gives up):
that nothing runs in the tenant any more would be worse. What is called as upstream calls it, and no more, only warns:
that is a policy of its own, because whether one warns or refuses stands in its binding.

What is refused, and by what it is known, is a table (`provisioning.components`) that the webhook reads as well; here it
becomes CEL. One line each: what has several is read as a script by the webhook when it passes there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from provisioning import resources
from provisioning.components import ARCHITECTURES, COMPONENTS, CREDENTIALS, NEVER, PROVIDERS, Component, Flag
from provisioning.manifest import Manifest
from provisioning.manifests.marks import MANAGED_BY, MANAGED_BY_LABEL
from provisioning.model import CatalogSpec

NAME: Final = "tenant-guard"
POLICY: Final = f"hosted-controllers-only.{resources.GROUP}"
NAMES: Final = f"names-of-hosted-controllers.{resources.GROUP}"
API_VERSION: Final = "admissionregistration.k8s.io/v1"
WORKLOADS: Final = (
    ("", ("pods", "pods/ephemeralcontainers", "replicationcontrollers")),
    ("apps", ("deployments", "daemonsets", "statefulsets", "replicasets")),
    ("batch", ("jobs", "cronjobs")),
)
NAMED: Final = (
    ("", ("serviceaccounts", "secrets", "configmaps")),
    ("apps", ("deployments", "daemonsets", "statefulsets")),
    ("rbac.authorization.k8s.io", ("roles", "clusterroles")),
)
_CALLED: Final = "object.kind + ' ' + (has(object.metadata.name) ? object.metadata.name : '')"
_ACCOUNT: Final = "has(variables.pod.serviceAccountName) ? variables.pod.serviceAccountName : ''"
_GIVEN: Final = (
    "(has(variables.pod.volumes) ? variables.pod.volumes : []).map(v, "
    "has(v.secret) && has(v.secret.secretName) ? 'Secret ' + v.secret.secretName : "
    "has(v.configMap) && has(v.configMap.name) ? 'ConfigMap ' + v.configMap.name : '')"
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
    """The policies and their bindings, as they stand in the tenant."""
    refusing = {
        "matchConstraints": _asked(WORKLOADS, "CREATE", "UPDATE"),
        "variables": [{"name": name, "expression": expression} for name, expression in _variables()],
        "validations": [v for index, component in enumerate(COMPONENTS) for v in _validations(component, index)],
    }
    warning = {
        # A name does not change.
        "matchConstraints": _asked(NAMED, "CREATE"),
        "variables": [{"name": "called", "expression": _CALLED}],
        "validations": [v for component in COMPONENTS for v in _warnings(component)],
    }
    return [*_policy(POLICY, refusing, "Deny"), *_policy(NAMES, warning, "Warn")]


def _policy(name: str, spec: Manifest, action: str) -> list[Manifest]:
    """The policy and its binding."""
    metadata = {"name": name, "labels": {MANAGED_BY_LABEL: MANAGED_BY}}
    kind, spec = "ValidatingAdmissionPolicy", {"failurePolicy": "Ignore", **spec}
    binding = {"policyName": name, "validationActions": [action]}
    return [
        {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec},
        {"apiVersion": API_VERSION, "kind": f"{kind}Binding", "metadata": metadata, "spec": binding},
    ]


def _asked(groups: Iterable[tuple[str, tuple[str, ...]]], *operations: str) -> Manifest:
    rules = (
        {"apiGroups": [group], "apiVersions": ["v1"], "operations": list(operations), "resources": list(kinds)}
        for group, kinds in groups
    )
    return {"resourceRules": list(rules)}


def _variables() -> Iterable[tuple[str, str]]:
    """Each may use those before it."""
    yield "pod", _POD.format("object")
    # What was there before the guard, or before an image got onto the list, must stay changeable and removable.
    yield "unchanged", f"oldObject != null && ({_POD.format('oldObject')}) == variables.pod"
    yield "containers", _CONTAINERS
    yield "programs", _PROGRAMS
    for index, component in enumerate(COMPONENTS):
        yield _found(index), f"variables.programs.filter(p, {_is(component)}).map(p, p.name).join(', ')"
    yield "called", _CALLED
    yield "account", _ACCOUNT
    yield "given", _GIVEN
    yield "elsewhere", f"variables.programs.exists(p, {_is_elsewhere('p.words')})"
    for index, component in enumerate(COMPONENTS):
        yield _hints(index), f"variables.elsewhere ? 0 : ([{', '.join(_hint(component))}]).filter(h, h).size()"


def _found(index: int) -> str:
    """The variable that names the containers which are the component of that place in the table."""
    return f"found{index}"


def _hints(index: int) -> str:
    """The variable that counts what hints at the component of that place."""
    return f"hints{index}"


def _validations(component: Component, index: int) -> Iterable[Manifest]:
    told = _told(component)
    yield {
        "expression": f"variables.unchanged || variables.{_found(index)} == ''",
        "message": f"a container is {told}",
        "messageExpression": f"'container ' + variables.{_found(index)} + {_text(f' is {told}')}",
        "reason": "Forbidden",
    }
    yield {
        "expression": f"variables.unchanged || variables.{_hints(index)} < 2",
        "message": f"two hints (its name, its account, what it mounts) say that this is {told}",
        "reason": "Forbidden",
    }


def _warnings(component: Component) -> Iterable[Manifest]:
    yield {
        "expression": f"!{_whole('variables.called', component.objects)}",
        "message": f"this has the name of {_told(component)}, if it is that",
    }
    if component.settings is not NEVER:
        texts = "has(object.data) && object.data.exists(k, object.data[k].contains('kubeconfig:'))"
        yield {
            "expression": f"!({_whole('variables.called', component.settings)} && {texts})",
            "message": f"this looks like the settings of {_told(component)}, if it is that",
        }


def _told(component: Component) -> str:
    return (
        f"{component.name}: {component.place}; clusterdesk runs it beside the control plane of this cluster, "
        "so leave it out here"
    )


def _hint(component: Component) -> Iterable[str]:
    """Each sort of hint as a question, as the webhook has them (`webhooks.hints`)."""
    of = (("variables.called", component.objects), ("variables.account", component.accounts))
    yield from (_whole(text, pattern) for text, pattern in of if pattern is not NEVER)
    for pattern in (component.settings, CREDENTIALS):
        if pattern is not NEVER:
            yield f"variables.given.exists(g, {_whole('g', pattern)})"


def _is_elsewhere(words: str) -> str:
    """Whether a command says that it is of another cloud."""
    flag = rf"{_START}--?{_name('cloud-provider')}(?:=|\s+)[\x22\x27]?"
    ours = f"(?:{_any(provider for provider in PROVIDERS if provider)}){_END}"
    return f"({_matches(words, f'{flag}[a-z]')} && !{_matches(words, flag + ours)})"


def _whole(text: str, pattern: re.Pattern[str]) -> str:
    return _matches(text, f"^(?:{pattern.pattern})$")


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
