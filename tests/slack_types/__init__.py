"""Slack's own types as a JSON Schema, and a judge made of it.

`schema.json` comes from @slack/types, the TypeScript types that Slack publishes (MIT), by `generate.py`. It knows
nothing of the local workspace's table (`playground.workspace.blockkit_table`), so that an error in either does not
hide.
"""
