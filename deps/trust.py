"""The certificate authorities that this system trusts, for package clients that bring a list of their own.

Such a list lacks what was put into the system's bundle by hand, as it is behind a company's proxy or in a container.
"""
import hashlib
import pathlib
import re
import ssl
import struct

BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
PASSWORD = "changeit"  # Java's default; a list of public certificates has no secret


def write_java_store(path: pathlib.Path) -> list[str]:
    """Java's options that make it trust the system's authorities; none where the system has no bundle."""
    if not BUNDLE.exists():
        return []
    certificates = re.findall("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", BUNDLE.read_text(), re.DOTALL)
    # The JKS format: magic, version 2, entries (2: a trusted certificate), and a digest keyed by the password.
    store = struct.pack(">III", 0xFEEDFEED, 2, len(certificates))
    for number, certificate in enumerate(certificates):
        der = ssl.PEM_cert_to_DER_cert(certificate)
        store += struct.pack(">I", 2) + _text(f"authority-{number}") + bytes(8) + _text("X.509")
        store += struct.pack(">I", len(der)) + der
    store += hashlib.sha1(PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + store).digest()
    path.write_bytes(store)
    return [f"-Djavax.net.ssl.trustStore={path}", f"-Djavax.net.ssl.trustStorePassword={PASSWORD}"]


def _text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode()
