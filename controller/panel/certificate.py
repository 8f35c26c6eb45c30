"""TLS of the box: an authority of its own, made on its first boot and on no other box, and the panel's certificate."""

import ipaddress
import os
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from foundation.clock import SET_AFTER_S

DIRECTORY: Final = "tls"
AUTHORITY, AUTHORITY_KEY, PANEL, PANEL_KEY = "authority.pem", "authority-key.pem", "panel.pem", "panel-key.pem"
AUTHORITY_DAYS, PANEL_DAYS = 3653, 825
"""Some browsers believe no certificate for longer than 825 days."""
RENEWED_DAYS: Final = 400
"""A certificate that has less left is made anew at a start."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the panel shows, on the disk."""

    file: Path
    key: Path
    authority: Path
    """What a browser or phone is given to trust this box, and no other."""
    fingerprint: str
    """SHA-256 of the authority's certificate, to be held against what a browser tells."""


def certificate(directory: Path, site: str, names: Iterable[str], now_s: float) -> Certificate:
    """The box's certificate under `directory`, made where there is none, or where it is old or of other names.

    The authority stays once it is made: phones that trust it go on doing so. Raises OSError.
    """
    place = directory / DIRECTORY
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.fromtimestamp(max(now_s, SET_AFTER_S), UTC)
    authority, authority_key = _authority(place, site, now)
    wanted = sorted({*(name.lower() for name in names), *own_names()})
    if not _is_good(place, authority, wanted, now):
        _make(place, authority, authority_key, wanted, now)
    print_ = authority.fingerprint(hashes.SHA256()).hex().upper()
    spelled = ":".join(print_[at : at + 2] for at in range(0, len(print_), 2))
    return Certificate(place / PANEL, place / PANEL_KEY, place / AUTHORITY, spelled)


def own_names() -> set[str]:
    """Under which names and addresses this box may be called."""
    host = socket.gethostname().lower()
    names = {"localhost", "127.0.0.1", "::1", *({host, f"{host}.local"} if host.isascii() else ())}
    with suppress(OSError):
        names |= {str(one[4][0]).partition("%")[0] for one in socket.getaddrinfo(host, None)}
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # sends nothing: it asks which of our addresses would be used towards the outside
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            names.add(str(probe.getsockname()[0]).partition("%")[0])
    return names


def _authority(place: Path, site: str, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    with suppress(OSError, ValueError, TypeError):
        known = x509.load_pem_x509_certificate((place / AUTHORITY).read_bytes())
        key = serialization.load_pem_private_key((place / AUTHORITY_KEY).read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and known.not_valid_after_utc > now:
            return known, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Farmloop {site}")])
    made = (
        _begun(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(place / AUTHORITY_KEY, _pem(key))
    _write(place / AUTHORITY, made.public_bytes(serialization.Encoding.PEM))
    return made, key


def _is_good(place: Path, authority: x509.Certificate, wanted: Sequence[str], now: datetime) -> bool:
    with suppress(OSError, ValueError, TypeError, x509.ExtensionNotFound):
        known = x509.load_pem_x509_certificate((place / PANEL).read_bytes())
        key = serialization.load_pem_private_key((place / PANEL_KEY).read_bytes(), None)
        known.verify_directly_issued_by(authority)
        names = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        called = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
        is_ours = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == known.public_key()
        return is_ours and called >= set(wanted) and known.not_valid_after_utc > now + timedelta(days=RENEWED_DAYS)
    return False


def _make(
    place: Path, authority: x509.Certificate, by: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Farmloop panel")])
    made = (
        _begun(subject, authority.subject, key.public_key(), now, PANEL_DAYS)
        .add_extension(x509.SubjectAlternativeName([_called(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .sign(by, hashes.SHA256())
    )
    _write(place / PANEL_KEY, _pem(key))
    _write(place / PANEL, made.public_bytes(serialization.Encoding.PEM))


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # a phone whose clock is behind takes it all the same
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _called(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip


def _write(path: Path, body: bytes) -> None:
    """Whole or not at all, and its owner's alone."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
