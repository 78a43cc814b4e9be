"""A live TLS server context whose certificate is replaced in place, so that no listener restarts.

Connections that exist go on; new handshakes take the new certificate. Nothing here decides when.
"""

from __future__ import annotations

import ssl
import tempfile

from certs import errors


class Live:
    """One `ssl.SSLContext` for the life of the server: TLS 1.2 or later, HTTP/1.1."""

    def __init__(self) -> None:
        self.context = _server_context()

    def load(self, certificates: bytes, key: bytes) -> None:
        """Serve this chain (PEM, leaf first) from the next handshake on.

        Raises `Malformed` when the two do not belong together; what was served before is then still served.
        """
        # ssl reads files only. A private file of our own, gone before anybody else looks; one file for both,
        # so that there is no moment at which the pair does not match.
        with tempfile.NamedTemporaryFile(prefix="certs-", suffix=".pem") as file:
            file.write(key.rstrip(b"\n") + b"\n" + certificates)
            file.flush()
            try:
                # A failed load leaves a context without a certificate: try it on one that nobody uses.
                _server_context().load_cert_chain(file.name)
                self.context.load_cert_chain(file.name)
            except (ssl.SSLError, ValueError) as error:
                raise errors.Malformed(f"certificate and key cannot be served: {error}") from error


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
