"""What somebody hears whose word was not saved."""

from __future__ import annotations

import pytest

from bot import replies, unsaved
from provisioning import errors
from provisioning.errors import Cause

REFUSAL = errors.Forbidden("admission webhook denied", causes=[Cause("status.votes", "fay has *voted*")])


def test_what_is_refused_is_told_with_its_reasons_and_not_to_be_tried_again() -> None:
    assert unsaved.sentence(REFUSAL) == replies.not_noted(["fay has *voted*"])
    assert unsaved.at_field(REFUSAL) == "fay has *voted*"
    assert "may not" in unsaved.sentence(errors.Forbidden("the bot may not"))


@pytest.mark.parametrize("error", [errors.Unavailable("no answer"), errors.Throttled("too much"), TimeoutError()])
def test_what_had_no_answer_may_be_tried_again(error: errors.KubeError | TimeoutError) -> None:
    assert unsaved.sentence(error) == unsaved.at_field(error) == replies.NOT_DECIDED
