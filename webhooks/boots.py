"""What runs at a machine's first boot, which is inside the tenant: kubeadm's files and commands, and cloud-init. Pure.

KubeadmConfig and what makes such, KubevirtMachine and what makes such: manifest -> parts.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.manifest import Tree
from webhooks import parts, tree, user_data
from webhooks.parts import Form, Part, Source, commands, decoded

_COMMANDS = ("bootCommands", "preKubeadmCommands", "postKubeadmCommands")


def template(manifest: Tree) -> tuple[Tree, str]:
    """The spec that counts, and its path: a template's is two floors down."""
    spec = tree.mapping(manifest.get("spec"))
    if "template" in spec:
        return tree.dig(spec, "template", "spec"), "spec.template.spec"
    return spec, "spec"


def in_kubeadm_config(manifest: Tree) -> Iterator[Part]:
    """KubeadmConfig(Template): files (static pods, manifests to apply) and commands."""
    spec, at = template(manifest)
    yield from _of_kubeadm(spec, at)


def in_kubeadm_control_plane(manifest: Tree) -> Iterator[Part]:
    """KubeadmControlPlane(Template): the same, a floor down."""
    spec, at = template(manifest)
    yield from _of_kubeadm(tree.mapping(spec.get("kubeadmConfigSpec")), f"{at}.kubeadmConfigSpec")


def _of_kubeadm(spec: Tree, at: str) -> Iterator[Part]:
    for index, file in enumerate(tree.mappings(spec.get("files"))):
        text = decoded(tree.text(file.get("content")), tree.text(file.get("encoding")))
        yield Part(f"{at}.files[{index}].content", Form.TEXT, text)
    for key in _COMMANDS:
        yield from commands(spec.get(key), f"{at}.{key}")
    yield from _kubeconfig_to_join_by(spec, at)
    # Files and units of a machine that boots by Ignition.
    additional = tree.text(tree.dig(spec, "ignition", "containerLinuxConfig").get("additionalConfig"))
    yield Part(f"{at}.ignition.containerLinuxConfig.additionalConfig", Form.TEXT, additional)


def _kubeconfig_to_join_by(spec: Tree, at: str) -> Iterator[Part]:
    """The file by which a machine looks for its control plane, as it is written there."""
    kubeconfig = tree.dig(spec, "joinConfiguration", "discovery", "file", "kubeConfig")
    if kubeconfig:
        cluster = tree.mapping(kubeconfig.get("cluster"))
        written = {
            "server": cluster.get("server"),
            "certificate-authority-data": cluster.get("certificateAuthorityData"),
        }
        content = {"clusters": [{"cluster": written}], "users": [kubeconfig.get("user")]}
        yield Part(f"{at}.joinConfiguration.discovery.file.kubeConfig", Form.SETTINGS, content)


def secrets_of_kubeadm_config(manifest: Tree) -> list[Source]:
    """KubeadmConfig(Template): Secrets that files and passwords are taken from."""
    spec, at = template(manifest)
    return list(_secrets_of_kubeadm(spec, at))


def secrets_of_kubeadm_control_plane(manifest: Tree) -> list[Source]:
    """KubeadmControlPlane(Template): the same, a floor down."""
    spec, at = template(manifest)
    return list(_secrets_of_kubeadm(tree.mapping(spec.get("kubeadmConfigSpec")), f"{at}.kubeadmConfigSpec"))


def _secrets_of_kubeadm(spec: Tree, at: str) -> Iterator[Source]:
    for key, origin in (("files", "contentFrom"), ("users", "passwdFrom")):
        for index, entry in enumerate(tree.mappings(spec.get(key))):
            name = tree.text(tree.dig(entry, origin, "secret").get("name"))
            yield Source("Secret", name, f"{at}.{key}[{index}].{origin}")


def secret_of_boot(manifest: Tree) -> list[Source]:
    """Machine, and what makes such: the Secret that is its user data, where no KubeadmConfig is asked for it."""
    spec, at = template(manifest)
    name = tree.text(tree.dig(spec, "bootstrap").get("dataSecretName"))
    return [Source("Secret", name, f"{at}.bootstrap.dataSecretName")] if name else []


def secrets_of_machine(manifest: Tree) -> list[Source]:
    """KubevirtMachine(Template): Secrets with cloud-init."""
    return [
        Source("Secret", tree.text(tree.mapping(source.get(key)).get("name")), field)
        for source, field in _cloud_init(manifest)
        for key in ("secretRef", "networkDataSecretRef")
    ]


def _cloud_init(manifest: Tree) -> Iterator[tuple[Tree, str]]:
    for volume, field in _volumes(manifest):
        for key in ("cloudInitNoCloud", "cloudInitConfigDrive"):
            yield tree.mapping(volume.get(key)), f"{field}.{key}"


def _volumes(manifest: Tree) -> Iterator[tuple[Tree, str]]:
    spec, at = template(manifest)
    path = "virtualMachineTemplate.spec.template.spec"
    for index, volume in enumerate(tree.mappings(tree.dig(spec, *path.split(".")).get("volumes"))):
        yield volume, f"{at}.{path}.volumes[{index}]"


def in_machine(manifest: Tree) -> Iterator[Part]:
    """KubevirtMachine(Template): cloud-init that it brings along, and disks that are images of containers."""
    for volume, field in _volumes(manifest):
        yield from parts.values(volume.get("containerDisk"), f"{field}.containerDisk")
    for source, field in _cloud_init(manifest):
        yield from user_data.parts(tree.text(source.get("userData")), f"{field}.userData")
        packed = tree.text(source.get("userDataBase64"))
        # cloud-init sees for itself whether it is compressed.
        encoded = decoded(packed, "gzip+base64") or decoded(packed, "base64")
        yield from user_data.parts(encoded, f"{field}.userDataBase64")
