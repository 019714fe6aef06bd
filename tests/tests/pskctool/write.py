#!/usr/bin/python3
"""Writes PSKC files (RFC 6030) of the packages on stdin, without any of otpair's code.

`write.py libpskc`: plain, by libpskc, the library of Debian's pskctool.
`write.py encrypted`: encrypted, by python3-cryptography, as the object "scheme" says.
"""
import base64
import ctypes
import json
import struct
import sys
import time

URN = "urn:ietf:params:xml:ns:keyprov:pskc"
XENC = "http://www.w3.org/2001/04/xmlenc#"


class Time(ctypes.Structure):
    """struct tm, as libpskc takes dates."""

    _fields_ = [
        (name, ctypes.c_int)
        for name in ("sec", "min", "hour", "mday", "mon", "year", "wday", "yday", "isdst")
    ] + [("gmtoff", ctypes.c_long), ("zone", ctypes.c_char_p)]


def broken_down(date):
    t = time.strptime(date, "%Y-%m-%dT%H:%M:%SZ")
    return Time(t.tm_sec, t.tm_min, t.tm_hour, t.tm_mday, t.tm_mon - 1, t.tm_year - 1900, 0, 0, 0, 0, None)


def by_libpskc(packages):
    lib = ctypes.CDLL("libpskc.so.0")

    kept = []

    def call(name, *arguments):
        # It does not copy what it is given.
        kept.append(arguments)
        code = getattr(lib, "pskc_" + name)(*arguments)
        if not name.startswith("set_") and code != 0:
            sys.exit(f"pskc_{name}: {code}")

    def written(package):
        container, key = ctypes.c_void_p(), ctypes.c_void_p()
        call("init", ctypes.byref(container))
        call("set_version", container, b"1.0")
        call("add_keypackage", container, ctypes.byref(key))
        texts = {"device_serialno": "serial", "device_manufacturer": "manufacturer", "key_id": "id", "key_algparm_suite": "suite"}
        for setter, name in texts.items():
            if package[name] is not None:
                call("set_" + setter, key, package[name].encode())
        kind = "hotp" if package["is_hotp"] else "totp"
        call("set_key_algorithm", key, f"{URN}:{kind}".encode())
        call("set_key_data_b64secret", key, package["secret"].encode())
        numbers = {
            "key_data_counter": ("counter", ctypes.c_uint64),
            "key_data_timeinterval": ("interval", ctypes.c_uint32),
            "key_data_timedrift": ("drift", ctypes.c_uint32),
            "key_algparm_resp_length": ("digits", ctypes.c_uint32),
        }
        for setter, (name, number) in numbers.items():
            if package[name] is not None:
                call("set_" + setter, key, number(package[name]))
        call("set_key_algparm_resp_encoding", key, 1)
        for setter, name in {"startdate": "start", "expirydate": "expiry"}.items():
            if package[name] is not None:
                call("set_key_policy_" + setter, key, ctypes.byref(broken_down(package[name])))
        out, length = ctypes.c_char_p(), ctypes.c_size_t()
        call("build_xml", container, ctypes.byref(out), ctypes.byref(length))
        return ctypes.string_at(out, length.value).decode()

    call("global_init")
    files = [written(package) for package in packages]
    # A second package in one container makes the library crash: it uses memory that it did not clear.
    begin, end = "<KeyPackage>", "</KeyContainer>"
    packages = (file[file.index(begin) : file.index(end)] for file in files)
    return files[0][: files[0].index(begin)] + "".join(packages) + end + "\n"


class Scheme:
    """How a file is encrypted: key or passphrase, the key's length, what the MAC is over and by, which IVs."""

    def __init__(self, said):
        import hashlib

        self.said = said
        self.count = 0
        length = said["bits"] // 8
        if "passphrase" in said:
            self.salt = b"\x12\x3e\xff<Jr\x12\x9c"
            prf = said["prf"] or "sha1"
            self.key = hashlib.pbkdf2_hmac(prf, said["passphrase"].encode(), self.salt, 500, length)
        else:
            self.key = bytes.fromhex(said["key"])[:length]
        self.mac_key = bytes(range(20)) if said["mac"] == "key" else self.key

    def encrypt(self, plain):
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.padding import PKCS7

        if not self.said["one_iv"]:
            self.count += 1
        iv = struct.pack(">QQ", 0x0123456789ABCDEF, self.count)
        padder = PKCS7(128).padder()
        padded = padder.update(plain) + padder.finalize()
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(iv)).encryptor()
        return iv + encryptor.update(padded) + encryptor.finalize()

    def method(self, plain):
        """The encrypted value's elements, without the MAC."""
        sealed = self.encrypt(plain)
        text = base64.b64encode(sealed).decode()
        uri = f"{XENC}aes{self.said['bits']}-cbc"
        data = f"<x:CipherData><x:CipherValue>{text}</x:CipherValue></x:CipherData>"
        return sealed, f'<x:EncryptionMethod Algorithm="{uri}"/>{data}'

    def value(self, plain):
        import hmac

        sealed, method = self.method(plain)
        value = f"<EncryptedValue>{method}</EncryptedValue>"
        if self.said["mac"] == "none":
            return value
        mac = hmac.digest(self.mac_key, sealed, self.said["hash"])
        return value + f"<ValueMAC>{base64.b64encode(mac).decode()}</ValueMAC>"

    def head(self):
        head = "<EncryptionKey><d:KeyName>the key</d:KeyName></EncryptionKey>"
        if "passphrase" in self.said:
            prf = ""
            if self.said["prf"]:
                prf = f'<k:PRF Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-{self.said["prf"]}"/>'
            head = (
                '<EncryptionKey><y:DerivedKey><y:KeyDerivationMethod Algorithm="'
                'http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"><k:PBKDF2-params>'
                f"<Salt><Specified>{base64.b64encode(self.salt).decode()}</Specified></Salt>"
                f"<IterationCount>500</IterationCount><KeyLength>{len(self.key)}</KeyLength>{prf}"
                "</k:PBKDF2-params></y:KeyDerivationMethod></y:DerivedKey></EncryptionKey>"
            )
        uris = {
            "sha1": "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            "sha256": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            "sha512": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512",
        }
        if self.said["mac"] == "none":
            return head
        mac_key = f"<MACKey>{self.method(self.mac_key)[1]}</MACKey>" if self.said["mac"] == "key" else ""
        return head + f'<MACMethod Algorithm="{uris[self.said["hash"]]}">{mac_key}</MACMethod>'


def encrypted(packages, said):
    from xml.sax.saxutils import escape

    scheme = Scheme(said)
    names = f'xmlns="{URN}" xmlns:x="{XENC}" xmlns:d="http://www.w3.org/2000/09/xmldsig#"'
    names += ' xmlns:y="http://www.w3.org/2009/xmlenc11#"'
    names += ' xmlns:k="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"'
    parts = [f'<?xml version="1.0"?>\n<KeyContainer Version="1.0" {names}>{scheme.head()}']

    def leaf(element, value):
        return "" if value is None else f"<{element}>{escape(value)}</{element}>"

    def number(element, value, form):
        if value is None:
            return ""
        if said["numbers"]:
            return f"<{element}>{scheme.value(struct.pack(form, value))}</{element}>"
        return f"<{element}><PlainValue>{value}</PlainValue></{element}>"

    for package in packages:
        kind = "hotp" if package["is_hotp"] else "totp"
        device = leaf("Manufacturer", package["manufacturer"]) + leaf("SerialNo", package["serial"])
        dates = leaf("StartDate", package["start"]) + leaf("ExpiryDate", package["expiry"])
        parts.append(
            f'<KeyPackage><DeviceInfo>{device}</DeviceInfo><Key Id="{package["id"]}" Algorithm="{URN}:{kind}">'
            f'<AlgorithmParameters>{leaf("Suite", package["suite"])}'
            f'<ResponseFormat Length="{package["digits"]}" Encoding="DECIMAL"/></AlgorithmParameters>'
            f'<Data><Secret>{scheme.value(base64.b64decode(package["secret"]))}</Secret>'
            + number("Counter", package["counter"], ">q")
            + number("TimeInterval", package["interval"], ">i")
            + number("TimeDrift", package["drift"], ">i")
            + f"</Data>{'<Policy>' + dates + '</Policy>' if dates else ''}</Key></KeyPackage>"
        )
    return "".join(parts) + "</KeyContainer>\n"


asked = json.load(sys.stdin)
if sys.argv[1] == "libpskc":
    text = by_libpskc(asked["packages"])
else:
    text = encrypted(asked["packages"], asked["scheme"])
sys.stdout.buffer.write(text.encode())
