"""Signature and decryption: the published vectors, wechatpy as the oracle, and everything that must be refused."""

import random
import string

import pytest
import wecom_envelopes as theirs
from wechatpy.work.crypto import PrpCrypto, WeChatCrypto
from wecom_envelopes import AES_KEY, CORP, NOW, OTHER_KEY, OTHER_TOKEN, TOKEN

from bot.channels.wecom.crypto import Envelopes, Forged, KeySet, Malformed, key_sets, sign

VECTOR_TOKEN, VECTOR_KEY, VECTOR_ID = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7"
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
MESSAGE = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3"
    "TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gs"
    "ijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUa"
    "x5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIG"
    "HBZZIs2pDBS8R07+qN+E7Q=="
)


def envelopes(receiveid="", *sets):
    return Envelopes(sets or [KeySet(TOKEN, AES_KEY)], receiveid)


def published():
    return Envelopes([KeySet(VECTOR_TOKEN, VECTOR_KEY)], VECTOR_ID)


def test_the_published_url_check_decrypts_to_the_published_number():
    opened = published().open("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1409659589", "263014780", ECHO)
    assert opened.message == b"1616140317555161061"


def test_the_published_message_decrypts_to_hello():
    opened = published().open("477715d11cdb4164915debcba66cb864d751f3e6", "1409659813", "1372623149", MESSAGE)
    assert b"<Content><![CDATA[hello]]></Content>" in opened.message
    assert b"mycreate" in opened.message


def test_a_signature_in_capitals_is_the_same_signature():
    published().open("477715D11CDB4164915DEBCBA66CB864D751F3E6", "1409659813", "1372623149", MESSAGE)


def random_text(rng):
    pool = string.ascii_letters + string.digits + "收到请回复〔12号〕\n <>&\"']]>😀"
    return "".join(rng.choice(pool) for _ in range(rng.randrange(1, 200)))


@pytest.mark.parametrize("receiveid", ["", CORP], ids=["bot", "app"])
def test_ten_thousand_random_messages_of_wechatpy_open_as_wechatpy_opens_them(receiveid):
    rng, ours, reference = random.Random(7), envelopes(receiveid), PrpCrypto(theirs.key_of())
    for n in range(5_000):
        text = random_text(rng)
        encrypted = reference.encrypt(text, receiveid).decode()
        nonce = f"n{n}"
        opened = ours.open(theirs.sign(encrypted, NOW, nonce), str(NOW), nonce, encrypted)
        assert opened.message.decode() == text


@pytest.mark.parametrize("receiveid", ["", CORP], ids=["bot", "app"])
def test_ten_thousand_random_answers_of_ours_open_in_wechatpy(receiveid):
    rng, ours = random.Random(8), envelopes(receiveid)
    reference = WeChatCrypto(TOKEN, AES_KEY, receiveid)
    encrypted = theirs.encrypt("x", receiveid)
    opened = ours.open(theirs.sign(encrypted), str(NOW), "nonce123", encrypted)
    for _ in range(5_000):
        text = random_text(rng)
        sealed = ours.seal(opened, text.encode(), str(NOW), "nonce123")
        read = reference.decrypt_message({"Encrypt": sealed.encrypt}, sealed.signature, sealed.timestamp, sealed.nonce)
        assert read == text


def test_two_answers_with_the_same_words_look_different():
    ours, encrypted = envelopes(), theirs.encrypt("x")
    opened = ours.open(theirs.sign(encrypted), str(NOW), "nonce123", encrypted)
    assert len({ours.seal(opened, b"same", str(NOW), "n").encrypt for _ in range(50)}) == 50


MESSAGE_BYTES = b'{"msgtype":"text"}'
FORGED = {
    "length beyond the end": theirs.plain_of(MESSAGE_BYTES, length=10_000),
    "length one too many": theirs.plain_of(MESSAGE_BYTES, length=len(MESSAGE_BYTES) + 1),
    "length one too few": theirs.plain_of(MESSAGE_BYTES, length=len(MESSAGE_BYTES) - 1),
    "length zero": theirs.plain_of(MESSAGE_BYTES, length=0),
    "length with its high bit set": theirs.plain_of(MESSAGE_BYTES, length=0xFFFFFFFF),
    "somebody's receiveid where none belongs": theirs.plain_of(MESSAGE_BYTES, b"wwSomebody"),
    "padding of zero": theirs.plain_of(MESSAGE_BYTES, pad=bytes(26)),
    "padding longer than a block": theirs.plain_of(MESSAGE_BYTES, pad=bytes([58]) * 58),
    "padding not all alike": theirs.plain_of(MESSAGE_BYTES, pad=bytes(25) + bytes([26])),
    "padding to blocks of 16 only": theirs.plain_of(MESSAGE_BYTES, pad=bytes([10]) * 10),
    "nothing but padding": bytes([32]) * 32,
    "nothing but a prefix": b"0123456789abcdef" + bytes([16]) * 16,
    "length field cut short": b"0123456789abcdef\x00\x00" + bytes([14]) * 14,
}


@pytest.mark.parametrize("plain", FORGED.values(), ids=FORGED.keys())
def test_a_well_signed_message_of_wrong_lengths_or_padding_is_refused(plain):
    """I-09."""
    encrypted = theirs.encrypt_raw(plain)
    with pytest.raises(Forged):
        envelopes().open(theirs.sign(encrypted), str(NOW), "nonce123", encrypted)


WRONG_ID = {
    "another's": b"wwSomebodyElse0000",
    "none": b"",
    "a longer one": CORP.encode() + b"x",
    "a shorter one": CORP.encode()[:-1],
    "in capitals": CORP.upper().encode(),
    "behind a zero byte": b"\x00" + CORP.encode(),
}


@pytest.mark.parametrize("receiveid", WRONG_ID.values(), ids=WRONG_ID.keys())
def test_a_message_for_another_receiver_is_refused(receiveid):
    encrypted = theirs.encrypt_raw(theirs.plain_of(b"<xml/>", receiveid))
    with pytest.raises(Forged):
        envelopes(CORP).open(theirs.sign(encrypted), str(NOW), "nonce123", encrypted)


def test_what_was_opened_or_refused_before_leaves_no_trace():
    """One cipher context serves all; each message opens to its own words, whatever went through it before."""
    rng, ours = random.Random(9), Envelopes(key_sets(OTHER_TOKEN, OTHER_KEY, TOKEN, AES_KEY), CORP)
    words = ["短", "长" * 500, "x" * 11, "x" * 12, "x" * 13]
    sealed = [(one, theirs.encrypt(one, CORP), TOKEN) for one in words]
    sealed += [(one, theirs.encrypt(one, CORP, OTHER_KEY), OTHER_TOKEN) for one in words]
    refused = [theirs.encrypt_raw(plain) for plain in FORGED.values()]
    for _ in range(300):
        if rng.random() < 0.3:
            bad = rng.choice(refused)
            with pytest.raises(Forged):
                ours.open(theirs.sign(bad), str(NOW), "nonce123", bad)
        word, encrypted, token = rng.choice(sealed)
        opened = ours.open(theirs.sign(encrypted, token=token), str(NOW), "nonce123", encrypted)
        assert opened.message.decode() == word


GOOD = theirs.encrypt("{}")
MALFORMED = {
    "signature of 39": ("a" * 39, str(NOW), "n", GOOD),
    "signature of 41": ("a" * 41, str(NOW), "n", GOOD),
    "signature not hex": ("g" * 40, str(NOW), "n", GOOD),
    "signature with a line end": ("a" * 40 + "\n", str(NOW), "n", GOOD),
    "timestamp of 9": ("a" * 40, "123456789", "n", GOOD),
    "timestamp of 11": ("a" * 40, "12345678901", "n", GOOD),
    "timestamp in another script": ("a" * 40, "١٢٣٤٥٦٧٨٩٠", "n", GOOD),
    "timestamp signed": ("a" * 40, "-123456789", "n", GOOD),
    "nonce empty": ("a" * 40, str(NOW), "", GOOD),
    "nonce of 65": ("a" * 40, str(NOW), "n" * 65, GOOD),
    "nonce with a space": ("a" * 40, str(NOW), "n n", GOOD),
    "nonce in Chinese": ("a" * 40, str(NOW), "收到", GOOD),
    "parts that fit only together": ("a" * 40 + f" {NOW}", "n", "n", GOOD),
    "base64 in another script": ("a" * 40, str(NOW), "n", "收到收到"),
    "one sign of padding too many": ("a" * 40, str(NOW), "n", "A==="),
    "nothing encrypted": ("a" * 40, str(NOW), "n", ""),
    "not base64": ("a" * 40, str(NOW), "n", "!!!!"),
    "base64 of a wrong length": ("a" * 40, str(NOW), "n", GOOD + "A"),
    "base64 with a line end": ("a" * 40, str(NOW), "n", GOOD[:8] + "\n" + GOOD[8:]),
    "padding in the middle": ("a" * 40, str(NOW), "n", "AA==AAAA"),
    "padding where none is due": ("a" * 40, str(NOW), "n", "AAAA===="),
}


@pytest.mark.parametrize("parts", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_of_the_platforms_shape_is_malformed(parts):
    with pytest.raises(Malformed):
        envelopes().open(*parts)


def test_every_single_flipped_character_is_refused():
    signature = theirs.sign(GOOD)
    for at in range(len(GOOD.rstrip("="))):
        changed = GOOD[:at] + ("A" if GOOD[at] != "A" else "B") + GOOD[at + 1 :]
        with pytest.raises(Forged):
            envelopes().open(signature, str(NOW), "nonce123", changed)
    for at in range(40):
        changed = signature[:at] + ("0" if signature[at] != "0" else "1") + signature[at + 1 :]
        with pytest.raises(Forged):
            envelopes().open(changed, str(NOW), "nonce123", GOOD)


def test_moving_digits_between_timestamp_and_nonce_keeps_the_signature_and_not_the_format():
    """I-08: The four parts are joined without a separator: only the strict formats, and the id inside, stand against it."""
    timestamp, nonce = str(NOW), "263014780"
    signature = theirs.sign(GOOD, timestamp, nonce)
    accepted = []
    for first, second in ((timestamp, nonce), (nonce, timestamp)):
        digits = first + second
        for cut in range(len(digits) + 1):
            try:
                envelopes().open(signature, digits[:cut], digits[cut:], GOOD)
                accepted.append((digits[:cut], digits[cut:]))
            except (Malformed, Forged):
                continue
    assert all(len(first) == 10 for first, _ in accepted)
    assert (timestamp, nonce) in accepted


def test_both_key_sets_are_accepted_while_they_are_being_changed():
    """I-10."""
    ours = envelopes("", *key_sets(OTHER_TOKEN, OTHER_KEY, TOKEN, AES_KEY))
    for token, key in ((TOKEN, AES_KEY), (OTHER_TOKEN, OTHER_KEY)):
        encrypted = theirs.encrypt("hello", "", key)
        opened = ours.open(theirs.sign(encrypted, token=token), str(NOW), "nonce123", encrypted)
        assert opened.message == b"hello"
        sealed = ours.seal(opened, b"answer", str(NOW), "nonce123")
        assert PrpCrypto(theirs.key_of(key)).decrypt(sealed.encrypt, "") == "answer"
        assert sealed.signature == sign(token, str(NOW), "nonce123", sealed.encrypt)


def test_only_the_key_may_change_and_the_token_stay():
    ours = envelopes("", *key_sets(TOKEN, OTHER_KEY, "", AES_KEY))
    for key in (AES_KEY, OTHER_KEY):
        encrypted = theirs.encrypt("hello", "", key)
        assert ours.open(theirs.sign(encrypted), str(NOW), "nonce123", encrypted).message == b"hello"


def test_the_halves_of_two_key_sets_do_not_mix():
    ours = envelopes("", *key_sets(OTHER_TOKEN, OTHER_KEY, TOKEN, AES_KEY))
    encrypted = theirs.encrypt("hello", "", OTHER_KEY)
    with pytest.raises(Forged):
        ours.open(theirs.sign(encrypted, token=TOKEN), str(NOW), "nonce123", encrypted)


@pytest.mark.parametrize("key", ["", "short", "x" * 42, "x" * 44, "é" * 43, "x" * 42 + "="])
def test_a_key_of_the_wrong_shape_is_refused_with_a_sentence_and_not_shown(key):
    with pytest.raises(ValueError, match="43") as caught:
        KeySet("token", key)
    assert not key or key not in str(caught.value)


def test_neither_token_nor_key_is_ever_printed():
    shown = repr(KeySet(TOKEN, AES_KEY)) + repr(envelopes().__dict__)
    assert TOKEN not in shown
    assert AES_KEY not in shown
