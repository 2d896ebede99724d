"""Checks vectors.json with a second implementation, Python's cryptography."""

import base64
import json
import pathlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

vectors = json.loads(pathlib.Path(__file__).with_name("vectors.json").read_text())
key = serialization.load_pem_private_key(vectors["keys"]["pkcs8"].encode(), None)
oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


def read(text):
    text = text.replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def decrypt(body):
    body = json.loads(body)
    aes = key.decrypt(read(body["encrypted_aes_key"]), oaep)
    iv = read(body["initial_vector"])
    if len(aes) != 16 or len(iv) != 16:
        raise ValueError("not AES-128 with a vector of 16 bytes")
    return aes, iv, AESGCM(aes).decrypt(iv, read(body["encrypted_flow_data"]), None)


for v in vectors["accepted"]:
    aes, iv, plain = decrypt(v["body"])
    assert plain.decode() == v["request"], v["name"]
    flipped = bytes(b ^ 0xFF for b in iv)
    assert base64.b64encode(AESGCM(aes).encrypt(flipped, v["reply"].encode(), None)).decode() == v["sealed"], v["name"]

for v in vectors["refused"]:
    try:
        if isinstance(json.loads(decrypt(v["body"])[2]), dict):
            raise SystemExit(f"{v['name']}: was accepted")
    except (InvalidTag, ValueError, KeyError, TypeError, AttributeError):
        pass

print(len(vectors["accepted"]), "accepted,", len(vectors["refused"]), "refused")
