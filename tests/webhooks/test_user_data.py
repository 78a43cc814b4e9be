"""User data of machines is taken apart as cloud-init does it, so that nothing hides in how it is packed."""

from __future__ import annotations

import base64
import gzip
import textwrap
import time
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from provisioning.components import Component
from provisioning.documents import Overgrown
from tests.placements import CA, CCM
from tests.webhooks.test_placement import components, found
from webhooks import user_data
from webhooks.parts import Form, Part

RUN = "ctr run quay.io/kubevirt/kubevirt-cloud-controller-manager:v1 ccm"
SCRIPT = f"#!/bin/sh\n{RUN}\n"
CONFIG = f"#cloud-config\nruncmd:\n- {RUN}\n"
PACKED = base64.b64encode(b"kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n").decode()


def message(*parts: tuple[str, str]) -> str:
    whole = MIMEMultipart()
    for text, subtype in parts:
        whole.attach(MIMEText(text, subtype))
    return str(whole)


def within(text: str) -> set[Component]:
    return components(found(user_data.parts(text, "userData")))


def fields(text: str) -> list[str]:
    return [part.field for part in user_data.parts(text, "userData")]


@pytest.mark.parametrize("beginning", ["", "\n  ", "#!/bin/sh\n"])
def test_a_script_is_itself(beginning: str) -> None:
    (part,) = user_data.parts(beginning + RUN, "userData")
    assert (part.field, part.content) == ("userData", beginning + RUN)


@pytest.mark.parametrize("packed", [SCRIPT, CONFIG, "#cloud-boothook\n" + RUN])
def test_what_is_packed_as_a_message_is_looked_at_piece_by_piece(packed: str) -> None:
    harmless = ("#cloud-config\npackages: [vim]\n", "cloud-config")
    assert within(message(harmless, (packed, "plain"))) == {CCM}
    assert within(message(harmless)) == set()


def test_a_message_in_a_message_and_a_compressed_piece_are_opened() -> None:
    inner = MIMEMultipart()
    inner.attach(MIMEApplication(gzip.compress(CONFIG.encode()), "gzip"))
    outer = MIMEMultipart()
    outer.attach(inner)
    assert within(str(outer)) == {CCM}


def test_a_file_in_a_template_or_an_archive_is_read() -> None:
    config = f"#cloud-config\nwrite_files:\n- {{encoding: b64, content: {PACKED}}}\n"
    indented = textwrap.indent(config, "    ")
    archive = f"#cloud-config-archive\n- '#!/bin/sh'\n- type: text/cloud-config\n  content: |\n{indented}"
    assert within("## template: jinja\n" + config) == within(archive) == within(config) == {CA}
    assert fields(archive)[:3] == ["userData", "userData[0]", "userData[1]"]


def test_what_begins_after_blank_lines_or_in_capitals_begins_all_the_same() -> None:
    assert within("\n\n#Cloud-Config\nwrite_files:\n- {encoding: b64, content: " + PACKED + "}\n") == {CA}


def test_a_piece_is_what_its_type_says_whatever_it_begins_with() -> None:
    config = f"write_files:\n- {{encoding: b64, content: {PACKED}}}\n"
    assert within(message((config, "cloud-config"))) == {CA}
    assert within(
        "#cloud-config-archive\n- type: text/cloud-config\n  content: |\n" + textwrap.indent(config, "    ")
    ) == {CA}
    assert within(message((config, "x-shellscript"))) == set()


@pytest.mark.parametrize(
    "text",
    [
        "#include\nhttps://a.example.org/x\n# https://b.example.org\n\nfile:///etc/x\n",
        "#include-once https://a.example.org/x\n",
        "## template: jinja\n#include https://a.example.org/x\n",
        message(("https://a.example.org/x", "x-include-url")),
        "#cloud-config-archive\n- {type: text/x-include-once-url, content: 'https://a.example.org/x'}\n",
    ],
)
def test_the_addresses_that_it_includes_are_told(text: str) -> None:
    assert [part.content for part in user_data.parts(text, "userData") if part.form is Form.ADDRESSES] == [
        ["https://a.example.org/x"]
    ]


def test_a_program_that_includes_a_header_includes_no_address() -> None:
    assert {part.form for part in user_data.parts("#include <stdio.h>\nint main() {}\n", "a")} == {Form.TEXT}


def test_user_data_of_more_pieces_than_anybody_writes_does_not_pass() -> None:
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(5000))
    for text in ("#cloud-config-archive\n" + "- x\n" * 200, "MIME-Version: 1.0\n" + nested):
        with pytest.raises(Overgrown):
            list(user_data.parts(text, "userData"))


@pytest.mark.parametrize(
    "text",
    [
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n" + "--x\n\na\n" * 140_000,
        "#include\n" + "".join(f"https://x.example.org/{n}\n" for n in range(1001)),
        "#cloud-config\nruncmd:\n" + "- a\n" * 600 + "write_files:\n" + "- {content: a}\n" * 401,
    ],
    ids=["parts", "addresses", "commands and files"],
)
def test_nor_does_what_would_take_long_to_look_through_and_it_does_not_take_long(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(Overgrown):
        list(user_data.parts(text, "userData"))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "text",
    ["#cloud-config-archive\n{", "MIME-Version: 1.0\n", "Mime-Version: x\nContent-Type: multipart/mixed\n\n--", ""],
)
def test_what_is_broken_is_looked_at_as_far_as_it_goes(text: str) -> None:
    assert all(isinstance(part, Part) for part in user_data.parts(text, "userData"))


@pytest.mark.parametrize(
    ("text", "such"),
    [(CONFIG, True), (message((CONFIG, "plain")), True), (SCRIPT, False), ("## template: jinja\n", True)],
)
def test_user_data_is_told_by_its_looks(text: str, such: bool) -> None:
    assert user_data.is_such(text) is such
