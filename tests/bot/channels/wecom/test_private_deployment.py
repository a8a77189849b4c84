"""A deployment of one's own: another address, another certificate authority, a proxy only where it is named."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fake_wecom_app import AGENT, CORP, SECRET, fake_wecom_app

from bot.channels.wecom.app_api import AppApi
from bot.channels.wecom.media import MediaLater, Rules, media_door
from bot.channels.wecom.net import client, trust
from bot.channels.wecom.settings import WeComSection
from models.rules.retrying import Fate

KEY = bytes(range(32))
LOCAL = Rules(("127.0.0.1",), private=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """The file of a certificate authority that nobody else knows, which is also the server's own certificate."""
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "office")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(pem + private)
    return folder


@pytest.fixture
async def server(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    async with fake_wecom_app(context) as fake:
        yield fake


async def test_a_server_whose_authority_is_named_is_believed(server, authority):
    section = WeComSection(api=server.base, ca_file=authority / "ca.pem")
    async with client(section) as http:
        api = AppApi(http, section.api, CORP, AGENT, SECRET)
        assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.SENT


async def test_a_server_of_an_unknown_authority_gets_neither_secret_nor_message(server):
    section = WeComSection(api=server.base)
    async with client(section) as http:
        api = AppApi(http, section.api, CORP, AGENT, SECRET)
        assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.LATER
    assert server.calls == []


async def test_pictures_too_come_only_from_a_server_that_is_believed(server, authority):
    context = trust(WeComSection(ca_file=authority / "ca.pem"))
    url = server.keep_encrypted(b"picture", KEY)
    async with media_door(LOCAL, ssl=context) as door:
        assert (await door.fetch(url, KEY)).data == b"picture"
    async with media_door(LOCAL) as door:
        with pytest.raises(MediaLater):
            await door.fetch(url, KEY)


async def test_a_named_proxy_is_used_and_sees_the_call():
    asked = []

    async def proxy(request):
        asked.append(request.raw_path.partition("?")[0])
        return web.json_response({"errcode": 0, "access_token": "t", "expires_in": 7200, "msgid": "m"})

    runner = web.ServerRunner(web.Server(proxy), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    section = WeComSection(api="http://wecom.invalid", proxy=f"http://127.0.0.1:{runner.addresses[0][1]}")
    async with client(section) as http:
        api = AppApi(http, section.api, CORP, AGENT, SECRET)
        assert (await api.send_text(["lisi"], "收到", row=1)).fate is Fate.SENT
    await runner.cleanup()
    assert asked[0] in ("/cgi-bin/gettoken", "http://wecom.invalid/cgi-bin/gettoken")
