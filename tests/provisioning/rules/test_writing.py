"""What is written as YAML is what is read of it, and the same text whoever writes it."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioning.addons.writing import UNFOLDED, written

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("\nüß"), max_size=120)
NAMES = st.text("abc", min_size=1, max_size=3)
TREES = st.recursive(
    WORDS | st.booleans() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
MANIFESTS = st.lists(st.dictionaries(NAMES, TREES, max_size=4), min_size=1, max_size=3)


@given(MANIFESTS)
def test_manifests_are_read_as_they_were_written(manifests: list[object]) -> None:
    assert list(yaml.safe_load_all(written(*manifests))) == manifests


@given(MANIFESTS)
def test_where_there_is_no_writer_in_c_the_text_is_the_same(manifests: list[object]) -> None:
    # Else whatever holds it would be applied anew with another build of the library.
    assert written(*manifests, width=UNFOLDED) == yaml.safe_dump_all(manifests, sort_keys=True, width=UNFOLDED)
