import hashlib
import tomllib

import pyrage
import pytest

from bot.recipients import RecipientsError, load, make_keys
from models.sealing import seal, unseal


@pytest.fixture
def keys(tmp_path):
    return make_keys(tmp_path / "keys", ["lead1", "lead2"])


def public():
    return str(pyrage.x25519.Identity.generate().to_public())


def identity(path):
    return next(line for line in path.read_text().splitlines() if not line.startswith("#"))


def listing(*officers, recovery=None, extra=""):
    blocks = [f'[[officer]]\nid = "{name}"\npublic_key = "{key}"\n' for name, key in officers]
    return "".join(blocks) + f'[recovery]\npublic_key = "{recovery or public()}"\n' + extra


def refusal(path, pinned):
    with pytest.raises(RecipientsError) as caught:
        load(path, pinned)
    (sentence,) = str(caught.value).splitlines()
    assert "；" in sentence
    return sentence


def refusal_of(tmp_path, content):
    path = tmp_path / "recipients.toml"
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(data)
    return refusal(path, hashlib.sha256(data).hexdigest())


def test_made_keys_load_and_each_of_them_opens_a_lead(keys, fixed_hour="2026-11-18T07"):
    recipients = load(keys.recipients, keys.fingerprint)
    assert set(recipients.officers) == {"lead1", "lead2"} and recipients.fingerprint == keys.fingerprint
    sealed = seal(b"text", associated=b"row", recipients=recipients)
    assert set(keys.identities) == {"lead1", "lead2", "recovery"}
    for path in keys.identities.values():
        assert unseal(sealed, associated=b"row", identity=identity(path)) == b"text"


def test_private_keys_are_for_their_owner_only_and_not_in_the_list(keys):
    for path in keys.identities.values():
        assert path.stat().st_mode & 0o777 == 0o600
        assert identity(path).startswith("AGE-SECRET-KEY-1") and identity(path) not in keys.recipients.read_text()
    assert keys.recipients.parent.stat().st_mode & 0o777 == 0o700
    assert set(tomllib.loads(keys.recipients.read_text())) == {"officer", "recovery"}


def test_nothing_is_overwritten_and_nothing_half_done_is_left(tmp_path):
    (tmp_path / "lead2.key").write_text("mine")
    with pytest.raises(RecipientsError, match="已存在"):
        make_keys(tmp_path, ["lead1", "lead2"])
    assert [path.name for path in tmp_path.iterdir()] == ["lead2.key"]
    assert (tmp_path / "lead2.key").read_text() == "mine"


def test_a_link_laid_in_the_way_is_not_followed(tmp_path):
    (tmp_path / "recipients.toml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecipientsError, match="已存在"):
        make_keys(tmp_path, ["lead1", "lead2"])
    assert [path.name for path in tmp_path.iterdir()] == ["recipients.toml"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecipientsError, match=r"写不进|已存在"):
        make_keys(tmp_path / "file" / "keys", ["lead1", "lead2"])


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["lead1"],
        ["a", "a"],
        ["a", "A"],
        ["a", "recovery"],
        ["a", "Recovery"],
        ["a", "../b"],
        ["a", ""],
        ["a", "张三"],
    ],
)
def test_officers_that_cannot_be_told_apart_or_named_get_no_keys(tmp_path, names):
    with pytest.raises(RecipientsError):
        make_keys(tmp_path / "keys", names)
    assert not (tmp_path / "keys").exists()


def test_a_changed_file_is_refused(keys):
    added = keys.recipients.read_text() + f'\n[[officer]]\nid = "mallory"\npublic_key = "{public()}"\n'
    keys.recipients.write_text(added)
    assert "指纹不符" in refusal(keys.recipients, keys.fingerprint)


def test_one_added_space_is_a_changed_file(keys):
    keys.recipients.write_text(keys.recipients.read_text() + " ")
    assert "指纹不符" in refusal(keys.recipients, keys.fingerprint)


@pytest.mark.parametrize("pinned", ["", " ", "-"])
def test_without_a_pin_no_leads_are_taken(keys, pinned):
    assert "没有填写" in refusal(keys.recipients, pinned)


@pytest.mark.parametrize("pinned", ["x", "0" * 64, "指纹"])
def test_another_pin_is_refused(keys, pinned):
    assert "指纹不符" in refusal(keys.recipients, pinned)


def test_the_pin_may_be_typed_in_capitals_and_with_colons(keys):
    capitals = keys.fingerprint.upper()
    assert load(keys.recipients, " " + ":".join(capitals[at : at + 2] for at in range(0, 64, 2)) + " ")


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    assert "找不到" in refusal(tmp_path / "recipients.toml", "0")
    assert "打不开" in refusal(tmp_path, "0")
    assert "不像名单" in refusal_of(tmp_path, b"#" * 70_000)


def test_what_else_an_officer_has_in_the_list_does_not_matter(tmp_path):
    data = '[[officer]]\nname = "王五"\n' + listing(("a", public()), ("b", public())).removeprefix("[[officer]]\n")
    path = tmp_path / "recipients.toml"
    path.write_text(data)
    assert set(load(path, hashlib.sha256(data.encode()).hexdigest()).officers) == {"a", "b"}


ONE, TWO = public(), public()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "缺少 public_key"),
        (b"\xff\xfe", "不是正确的 TOML"),
        ("[[officer]", "不是正确的 TOML"),
        (listing(("a", ONE)), "少于两名"),
        (listing(), "少于两名"),
        (listing(("a", ONE), ("b", ONE)), "同一把公钥"),
        (listing(("a", ONE), ("b", TWO), recovery=ONE), "同一把公钥"),
        (listing(("a", ONE), ("a", TWO)), "出现了两次"),
        (listing(("a", ONE), ("recovery", TWO)), "不能叫 recovery"),
        (listing(("a", ONE), ("b", "age1abc")), "b 的公钥"),
        (listing(("a", ONE), ("b", "ssh-ed25519 AAAA")), "b 的公钥"),
        (listing(("a", ONE), ("b", "")), "缺少 public_key"),
        (listing(("a", ONE), ("张 三", TWO)), "id 不能用"),
        (listing(("a", ONE), ("b", TWO), extra="# AGE-SECRET-KEY-1ABC"), "有私钥"),
        ('[[officer]]\nid = "a"\npublic_key = 7\n[recovery]\npublic_key = "x"', "缺少 public_key"),
        ('officer = 7\n[recovery]\npublic_key = "x"', "[[officer]]"),
        ('officer = [7]\n[recovery]\npublic_key = "x"', "缺少 id"),
        (listing(("a", ONE), ("b", TWO)).split("[recovery]")[0], "[recovery] 缺少"),
    ],
)
def test_a_list_that_cannot_serve_is_refused_in_one_sentence(tmp_path, content, word):
    assert word in refusal_of(tmp_path, content)
