"""`python -m tests.slack_types.generate`: makes `schema.json` anew. Needs node and npm; nothing else here does.

Types say which fields there are and which of them are needed. How long a text may be, and how many of something there
may be, Slack writes into the comments of the same file: from there, so that nobody has to copy a number.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
PACKAGES: Final = ("@slack/types@3.2.0", "ts-json-schema-generator@2.4.0", "typescript@5.9.3")
OPTIONS: Final = {"strict": True, "module": "nodenext", "moduleResolution": "nodenext", "skipLibCheck": True}

LONGEST: Final = re.compile(r"maximum\s+length\D*?(\d+)(?:\s+characters)?", re.IGNORECASE)
MOST: Final = re.compile(r"max(?:imum)?\s+(?:number\s+of\s+\w+\s+is\s+|of\s+)?(\d+)", re.IGNORECASE)


def bounded(schema: Any) -> Any:
    """The schema with the bounds that its descriptions name, and without the descriptions."""
    if isinstance(schema, list):
        return [bounded(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    text = schema.get("description")
    kept = {
        key: bounded(value) for key, value in schema.items() if not (key == "description" and isinstance(value, str))
    }
    if not isinstance(text, str):
        return kept
    longest, most = LONGEST.search(text), MOST.search(text)
    if kept.get("type") == "array":
        return {**kept, "maxItems": int(most[1])} if most else kept
    if longest is None:
        return kept
    if kept.get("type") == "string":
        return {**kept, "maxLength": int(longest[1])}
    if "$ref" in kept or "anyOf" in kept:
        return {"allOf": [kept, {"properties": {"text": {"maxLength": int(longest[1])}}}]}
    return kept


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(FOLDER / "sent.ts", folder)
        (folder / "package.json").write_text("{}")
        (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "files": ["sent.ts"]}))
        subprocess.run(["npm", "install", "--silent", *PACKAGES], cwd=folder, check=True)
        command = ["npx", "ts-json-schema-generator", "--path", "sent.ts", "--tsconfig", "tsconfig.json"]
        made = subprocess.run([*command, "--type", "*", "--minify"], cwd=folder, check=True, capture_output=True)
        schema = bounded(json.loads(made.stdout))
    schema["$comment"] = f"Made by generate.py from {PACKAGES[0]} (MIT, Slack Technologies). Do not edit."
    (FOLDER / "schema.json").write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
