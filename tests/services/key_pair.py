"""Key pairs as Snowflake's users make them. `make FOLDER` writes `plain.p8` and `locked.p8` (passphrase `phrase`); `check FOLDER TOKEN`
ends with an error unless TOKEN was signed with that key, and prints its claims."""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

folder = pathlib.Path(sys.argv[2])


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def make():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    locks = {"plain": serialization.NoEncryption(), "locked": serialization.BestAvailableEncryption(b"phrase")}
    for name, lock in locks.items():
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        (folder / f"{name}.p8").write_bytes(pem)


def check(token):
    key = serialization.load_pem_private_key((folder / "plain.p8").read_bytes(), None).public_key()
    header, claims, signature = token.split(".")
    assert json.loads(decoded(header))["alg"] == "RS256"
    key.verify(decoded(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()
    claims = json.loads(decoded(claims))
    assert claims["iss"] == f"{claims['sub']}.{fingerprint}", (claims, fingerprint)
    print(claims["sub"], claims["exp"] - claims["iat"])


make() if sys.argv[1] == "make" else check(sys.argv[3])
