"""`atheris_run.py DECODER [libFuzzer options]`: coverage-guided fuzzing of one decoder, where there is an atheris."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["provisioning", "webhooks"]):
    from provisioning import documents, quantity  # noqa: F401 - to be seen into, before anybody else imports them
    from webhooks import review  # noqa: F401

from tests.fuzz.decoders import DECODERS


def main() -> None:
    """Until the time is over or something was found; libFuzzer prints what it was."""
    decode = DECODERS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, decode)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
