"""A Secret Manager for tests: Google's own messages over gRPC, from a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.cloud.secretmanager_v1.types import service

METHOD = "AccessSecretVersion"


@contextmanager
def secret_manager(secrets: dict[str, str], forbidden: tuple[str, ...] = ()) -> Iterator[str]:
    """Serve ``projects/P/secrets/S/versions/latest`` → text; yields the address."""

    def access(request: Any, context: grpc.ServicerContext) -> Any:
        if request.name in forbidden:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "Permission denied on resource")
        if request.name not in secrets:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{request.name}] not found")
        payload = {"data": secrets[request.name].encode()}
        return service.AccessSecretVersionResponse(name=request.name, payload=payload)

    handler = grpc.unary_unary_rpc_method_handler(
        access,
        request_deserializer=service.AccessSecretVersionRequest.deserialize,
        response_serializer=service.AccessSecretVersionResponse.serialize,
    )
    name = "google.cloud.secretmanager.v1.SecretManagerService"
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(name, {METHOD: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
