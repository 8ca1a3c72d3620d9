"""A provider that has Google's schema and nothing else: enough for ``validate`` and mocked tests.

Speaks Terraform's plugin protocol 6 (package ``tf``). Run by Terraform, by the Python of
``requirements/infra.txt``; ``PROVIDER_SCHEMA`` is the file that provider_schema.py wrote.
"""

from __future__ import annotations

import json
import os
from typing import Any

import tf.provider
from tf.gen import tfplugin_pb2 as pb, tfplugin_pb2_grpc as rpc
from tf.runner import run_provider

_NESTING = {
    "list": pb.Schema.NestedBlock.LIST,
    "set": pb.Schema.NestedBlock.SET,
    "single": pb.Schema.NestedBlock.SINGLE,
}


def _block(block: dict[str, Any]) -> pb.Schema.Block:
    attributes = [
        pb.Schema.Attribute(
            name=name,
            type=json.dumps(one["type"]).encode(),
            required=one.get("required", False),
            optional=one.get("optional", False),
            computed=one.get("computed", False),
        )
        for name, one in block["attributes"].items()
    ]
    nested = [
        pb.Schema.NestedBlock(
            type_name=name,
            nesting=_NESTING[one["nesting"]],
            min_items=one["min"],
            max_items=one["max"],
            block=_block(one["block"]),
        )
        for name, one in block["blocks"].items()
    ]
    return pb.Schema.Block(attributes=attributes, block_types=nested)


def _schema(block: dict[str, Any]) -> pb.Schema:
    return pb.Schema(version=0, block=_block(block))


class StandIn(rpc.ProviderServicer):  # type: ignore[misc]
    """Answers with the schema; accepts what Terraform itself found to fit it."""

    def __init__(self, app: object) -> None:
        with open(os.environ["PROVIDER_SCHEMA"]) as file:
            self.known = json.load(file)

    def GetProviderSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        known = self.known
        return pb.GetProviderSchema.Response(
            provider=_schema(known["provider"]),
            resource_schemas={name: _schema(one) for name, one in known["resources"].items()},
            data_source_schemas={name: _schema(one) for name, one in known["data"].items()},
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.ValidateDataResourceConfig.Response()

    def StopProvider(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.StopProvider.Response()


if __name__ == "__main__":
    tf.provider.ProviderServicer = StandIn
    run_provider(object())
