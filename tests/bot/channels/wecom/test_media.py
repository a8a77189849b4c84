"""Pictures and files from the platform: where they may come from, how large, how long, and decrypted exactly."""

import base64
import os

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from fake_wecom_app import FIVE_MINUTES, Fault, fake_wecom_app

from bot.channels.wecom.media import (
    MediaGone,
    MediaLater,
    MediaRefused,
    Rules,
    allowed,
    decrypt,
    is_public,
    media_door,
    media_key,
    title_of,
)

KEY = bytes(range(32))
HOSTS = ("qyapi.weixin.qq.com", "*.myqcloud.com")
STRICT = Rules(HOSTS)
LOCAL = Rules(("127.0.0.1",), private=True)


@pytest.fixture
async def server():
    async with fake_wecom_app() as fake:
        yield fake


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 4096, 1_000_000])
async def test_what_was_sent_is_what_is_fetched(server, size):
    data = os.urandom(size)
    async with media_door(LOCAL) as door:
        assert (await door.fetch(server.keep_encrypted(data, KEY), KEY)).data == data


async def test_an_address_dies_after_five_minutes_and_is_then_gone(server):
    """M-01."""
    url = server.keep_encrypted(b"picture", KEY)
    async with media_door(LOCAL) as door:
        assert (await door.fetch(url, KEY)).data == b"picture"
        server.now += FIVE_MINUTES + 1
        with pytest.raises(MediaGone):
            await door.fetch(url, KEY)


BAD_URLS = [
    "http://qyapi.weixin.qq.com/x",
    "ftp://qyapi.weixin.qq.com/x",
    "file:///etc/passwd",
    "//qyapi.weixin.qq.com/x",
    "qyapi.weixin.qq.com/x",
    "",
    "https://",
    "https:///x",
    "https://evil.com/x",
    "https://qyapi.weixin.qq.com.evil.com/x",
    "https://evilqyapi.weixin.qq.com/x",
    "https://xmyqcloud.com/x",
    "https://myqcloud.com/x",
    "https://a.myqcloud.com.evil.com/x",
    "https://evil.com/.myqcloud.com",
    "https://evil.com?.myqcloud.com",
    "https://evil.com#.myqcloud.com",
    "https://qyapi.weixin.qq.com@evil.com/x",
    "https://user@qyapi.weixin.qq.com/x",
    "https://user:pass@qyapi.weixin.qq.com/x",
    "https://:pass@qyapi.weixin.qq.com/x",
    "https://evil.com\\@qyapi.weixin.qq.com/x",
    "https://qyapi.weixin.qq.com\\@evil.com/x",
    "https://evil.com\t.myqcloud.com/x",
    "https://a.myqcloud.com\n/x",
    "https://qyapi.weixin.qq.com:8443/x",
    "https://qyapi.weixin.qq.com:80/x",
    "https://qyapi.weixin.qq.com:99999/x",
    "https://qyapi.weixin.qq.com:x/x",
    "https://qyapi.weixin.qq.com./x",
    "https://127.0.0.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://0177.0.0.1/x",
    "https://127.1/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[fe80::1%25eth0]/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://localhost/x",
    "https://１２７.0.0.1/x",
    "https://qyapi.weixin.qq.com%2eevil.com/x",
    "https://qyapi。weixin.qq.com.evil.com/x",
    "https://ⓠyapi.evil.com/x",
    "javascript:alert(1)",
    "https://[",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_leads_elsewhere_is_refused(url):
    """M-02."""
    with pytest.raises(MediaRefused):
        allowed(url, STRICT)


@pytest.mark.parametrize(
    "url",
    [
        "https://qyapi.weixin.qq.com/cgi-bin/x?sign=a%2Fb",
        "https://ww-aibot-img-1.cos.ap-guangzhou.myqcloud.com/a/b?q-sign-algorithm=sha1&q-ak=x",
        "https://QYAPI.weixin.qq.com:443/x",
    ],
)
def test_an_address_of_the_platform_is_let_through(url):
    assert allowed(url, STRICT).scheme == "https"


def test_an_address_that_is_an_address_is_refused_even_where_somebody_listed_it():
    for host in ("127.0.0.1", "8.8.8.8"):
        with pytest.raises(MediaRefused):
            allowed(f"https://{host}/x", Rules((host,)))


PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:1::",
    "2001:db8::1",
    "",
    "nonsense",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_or_wrapped_address_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "119.29.29.29", "2400:3200::1"])
def test_an_ordinary_address_is_public(address):
    assert is_public(address)


class Rebinding(AbstractResolver):
    """Answers with a public address first and a private one ever after, as an attacker's name server would."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    async def resolve(self, host, port=0, family=0):
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}
            for address in found
        ]

    async def close(self):
        pass


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["10.1.2.3"], ["::1"], ["8.8.8.8", "127.0.0.1"]], ids=str)
async def test_an_allowed_name_that_leads_to_a_private_address_is_refused_before_connecting(answers):
    """M-02."""
    resolver = Rebinding(answers)
    async with media_door(STRICT, resolver=resolver) as door:
        with pytest.raises(MediaRefused):
            await door.fetch("https://evil.myqcloud.com/x", KEY)
    assert resolver.asked == 1


async def test_a_name_is_resolved_once_a_fetch_and_judged_each_time():
    resolver = Rebinding(["10.0.0.1"], ["127.0.0.1"])
    async with media_door(STRICT, resolver=resolver) as door:
        for _ in range(2):
            with pytest.raises(MediaRefused):
                await door.fetch("https://evil.myqcloud.com/x", KEY)
    assert resolver.asked == 2


@pytest.mark.parametrize("where", ["http://127.0.0.1:1/x", "https://qyapi.weixin.qq.com/x", "/media/other"])
async def test_a_redirect_is_not_followed(server, where):
    """M-02."""
    url = server.keep_encrypted(b"x", KEY, name="one")
    server.plan("/media/one", Fault("redirect", where))
    async with media_door(LOCAL) as door:
        with pytest.raises(MediaRefused):
            await door.fetch(url, KEY)
    assert len(server.calls) == 1


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_over_the_limit_is_given_up_while_it_streams(server, announced):
    """M-03."""
    rules = Rules(LOCAL.hosts, private=True, largest=100_000)
    url = server.keep_encrypted(os.urandom(200_000), KEY, name="one")
    if not announced:
        server.plan("/media/one", Fault("flood", 200_000))
    async with media_door(rules) as door:
        with pytest.raises(MediaRefused, match="太大"):
            await door.fetch(url, KEY)


async def test_a_file_exactly_at_the_limit_is_taken(server):
    rules = Rules(LOCAL.hosts, private=True, largest=100_000)
    async with media_door(rules) as door:
        assert len((await door.fetch(server.keep_encrypted(bytes(100_000), KEY), KEY)).data) == 100_000
        with pytest.raises(MediaRefused):
            await door.fetch(server.keep_encrypted(bytes(100_001), KEY), KEY)


async def test_a_hundred_and_one_megabytes_are_refused_by_their_announcement(server):
    """M-03."""
    url = server.keep_encrypted(b"x", KEY, name="one")
    server.plan("/media/one", Fault("huge", 101 << 20))
    async with media_door(LOCAL) as door:
        with pytest.raises(MediaRefused, match="太大"):
            await door.fetch(url, KEY)


@pytest.mark.parametrize("how", ["drip", "hang"])
async def test_a_server_that_drips_or_hangs_is_left_for_later(server, how):
    """M-03."""
    url = server.keep_encrypted(b"x", KEY, name="one")
    server.plan("/media/one", Fault(how))
    async with media_door(LOCAL) as door:
        door.seconds = 0.1
        with pytest.raises(MediaLater):
            await door.fetch(url, KEY)


ENDS = [
    (Fault("status", 403), MediaGone),
    (Fault("status", 404), MediaGone),
    (Fault("status", 410), MediaGone),
    (Fault("status", 500), MediaLater),
    (Fault("status", 503), MediaLater),
    (Fault("status", 429), MediaLater),
    (Fault("status", 400), MediaRefused),
    (Fault("status", 206), MediaRefused),
    (Fault("reset"), MediaLater),
    (Fault("encoded"), MediaRefused),
    (Fault("garbage"), MediaRefused),
]


@pytest.mark.parametrize(("fault", "ending"), ENDS, ids=lambda value: getattr(value, "how", None) and str(value))
async def test_each_fault_of_the_server_has_its_ending(server, fault, ending):
    url = server.keep_encrypted(b"x", KEY, name="one")
    server.always["/media/one"] = fault  # aiohttp itself tries a GET a second time on a fresh connection
    async with media_door(LOCAL) as door:
        with pytest.raises(ending) as caught:
            await door.fetch(url, KEY)
    assert type(caught.value) is ending
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_the_proxy_of_the_environment_is_not_used(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with media_door(LOCAL) as door:
        assert (await door.fetch(server.keep_encrypted(b"x", KEY), KEY)).data == b"x"


async def test_the_certificate_of_the_platform_is_checked():
    async with media_door(STRICT) as door:
        assert isinstance(door.http.connector, aiohttp.TCPConnector)
        assert door.http.connector._ssl is True


CIPHERTEXT_FAULTS = [b"", b"x", bytes(31), bytes(33), bytes(32), os.urandom(64)]


@pytest.mark.parametrize("data", CIPHERTEXT_FAULTS, ids=lambda data: str(len(data)))
def test_bytes_that_do_not_decrypt_exactly_are_refused(data):
    with pytest.raises(MediaRefused):
        decrypt(data, KEY)


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("attachment; filename=\"a.pdf\"; filename*=UTF-8''%E6%80%BB%E7%BB%93.pdf", "总结.pdf"),
        ("attachment; filename*=utf-8''%E6%80%BB%E7%BB%93.pdf; filename=a.pdf", "总结.pdf"),
        ('attachment; filename="总结 1.pdf"', "总结 1.pdf"),
        ("attachment; filename=%E6%80%BB%E7%BB%93.pdf", "总结.pdf"),
        ("attachment", ""),
        ("", ""),
        ("attachment; filename=" + "x" * 600, "x" * 512),
    ],
)
def test_the_name_of_a_file_is_read_from_its_header(header, title):
    assert title_of({"Content-Disposition": header}) == title


def test_a_key_may_lack_its_equals_sign_or_be_written_for_addresses():
    key = bytes([251, 255]) * 16
    standard = base64.b64encode(key).decode()
    for written in (standard, standard.rstrip("="), base64.urlsafe_b64encode(key).decode()):
        assert media_key(written) == key


@pytest.mark.parametrize("written", ["", "x", "A" * 42, "A" * 44, "A" * 43 + "==", "!" * 43, "A" * 43 + "\n"])
def test_a_key_of_the_wrong_shape_is_refused(written):
    with pytest.raises(MediaRefused):
        media_key(written)
