"""`atheris_run.py DECODER [libFuzzer options]`: coverage-guided fuzzing of one decoder, where there is an atheris."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["provisioning.documents", "provisioning.quantity", "webhooks.review"]):
    from tests.fuzz.decoders import DECODERS


def main() -> None:
    """Until the time is over or something was found; libFuzzer writes what it was beside us."""
    decode = DECODERS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, decode)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
