"""What all our models share: frozen, strict about unknown fields, camelCase on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from provisioning import quantity


class Model(BaseModel):
    """A value of the API: immutable, and no field that we do not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        # What stands under a field is what `kubectl explain` says of it.
        use_attribute_docstrings=True,
    )

    def wire(self) -> dict[str, Any]:
        """The shape that goes to the API server: camelCase, defaults left out so that they may move later."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class Seen(Model):
    """A part of a status: while programs are replaced a newer one may have written it, and what only that knows is left
    out."""

    model_config = ConfigDict(extra="ignore")


def rules(*pairs: tuple[str, str]) -> dict[str, Any]:
    """CEL rules for the CRD, as (rule, message), for `json_schema_extra` of a model or field."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in pairs]}


DnsLabel = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
DnsName = Annotated[str, Field(pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", max_length=253)]
"""A DNS subdomain name (RFC 1123), such as StorageClasses have; empty where none is said."""
Text = Annotated[str, Field(max_length=1000)]
ShortText = Annotated[str, Field(max_length=253)]
Duration = Annotated[str, Field(pattern=r"^([0-9]{1,5}(h|m|s|ms)){1,4}$", max_length=32)]
"""A duration as Go and GEP-2257 write it: `24h`, `1h30m`."""


def _countable(text: str) -> str:
    quantity.byte_count(text)
    return text


Quantity = Annotated[
    str,
    Field(pattern=r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P|m)?$", max_length=32),
    AfterValidator(_countable),
]
"""A Kubernetes quantity that is neither negative nor too large; `provisioning.quantity` does the arithmetic."""
KubernetesVersion = Annotated[str, Field(pattern=r"^v[0-9]+\.[0-9]+\.[0-9]+$", max_length=32)]
Cidr = Annotated[str, Field(pattern=r"^[0-9.]+/[0-9]+$", max_length=18)]
LabelKey = Annotated[
    str,
    Field(pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$", max_length=317),
]
"""The key of a Kubernetes label or taint: a name of at most 63 characters, with a DNS name and / before it or not."""
LabelValue = Annotated[str, Field(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", max_length=63)]
Cron = Annotated[str, Field(pattern=r"^[-0-9A-Za-z*/,]+( [-0-9A-Za-z*/,]+){4}$", max_length=100)]
"""Five fields as cron takes them: minute, hour, day of the month, month, day of the week."""
Timestamp = Annotated[str, Field(max_length=32, json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC with whole seconds, as metav1.Time."""
