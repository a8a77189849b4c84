import copy
import json
import logging
import pickle
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import jinja2
import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sealing import CannotOpen, Recipients, Sealed, Secret, associated, digest, seal, size_bucket, unseal

HOUR = datetime(2026, 11, 18, 7, 25, tzinfo=UTC)
FINGERPRINT = "ab12cd34ef56" + "0" * 52
IDENTITIES = {name: pyrage.x25519.Identity.generate() for name in ("lead1", "lead2", "recovery")}
PUBLIC = {name: str(identity.to_public()) for name, identity in IDENTITIES.items()}
RECIPIENTS = Recipients({name: PUBLIC[name] for name in ("lead1", "lead2")}, PUBLIC["recovery"], FINGERPRINT)
TEXT = "××村有人强拿硬要，电话13800000000".encode()


def bound(lead_id=412):
    return associated(lead_id, HOUR, FINGERPRINT)


def opened(sealed, who="lead1", lead_id=412):
    return unseal(sealed, associated=bound(lead_id), identity=str(IDENTITIES[who]))


@pytest.fixture
def sealed():
    return seal(TEXT, associated=bound(), recipients=RECIPIENTS)


@pytest.mark.parametrize("who", IDENTITIES)
def test_each_officer_and_the_recovery_key_open_it(sealed, who):
    assert opened(sealed, who) == TEXT


def test_a_stranger_does_not_open_it(sealed):
    with pytest.raises(CannotOpen):
        unseal(sealed, associated=bound(), identity=str(pyrage.x25519.Identity.generate()))


@pytest.mark.parametrize("identity", ["", "AGE-SECRET-KEY-1", "密钥", PUBLIC["lead1"], "\0"])
def test_what_is_no_identity_opens_nothing(sealed, identity):
    with pytest.raises(CannotOpen):
        unseal(sealed, associated=bound(), identity=identity)


def test_swapped_ciphertexts_are_refused(sealed):
    other = seal(b"other", associated=bound(413), recipients=RECIPIENTS)
    for swapped in (other, replace(sealed, ciphertext=other.ciphertext), replace(sealed, wraps=other.wraps)):
        with pytest.raises(CannotOpen):
            opened(swapped)


@pytest.mark.parametrize(
    "other",
    [
        associated(413, HOUR, FINGERPRINT),
        associated(412, HOUR + timedelta(hours=1), FINGERPRINT),
        associated(412, HOUR, "0" * 64),
        b"",
    ],
)
def test_a_changed_clear_column_is_refused(sealed, other):
    with pytest.raises(CannotOpen):
        unseal(sealed, associated=other, identity=str(IDENTITIES["lead1"]))


def test_the_hour_is_bound_and_not_the_minute_or_the_zone():
    assert bound() == f"v1|412|2026-11-18T07Z|{FINGERPRINT}".encode()
    local = datetime(2026, 11, 18, 15, 59, tzinfo=timezone(timedelta(hours=8)))
    assert associated("412", local, FINGERPRINT) == bound()


@pytest.mark.parametrize(
    "parts", [(1, HOUR.replace(tzinfo=None), "f"), ("1|2", HOUR, "f"), (1, HOUR, "f|g"), (1, HOUR, ""), ("", HOUR, "f")]
)
def test_associated_data_that_could_be_read_two_ways_is_refused(parts):
    with pytest.raises(ValueError):
        associated(*parts)


def test_every_flipped_byte_and_every_cut_is_refused(sealed):
    for field in ("nonce", "ciphertext"):
        whole = getattr(sealed, field)
        for at in range(len(whole)):
            flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
            for changed in (flipped, whole[:at]):
                with pytest.raises(CannotOpen):
                    opened(replace(sealed, **{field: changed}))


def test_a_flipped_wrap_is_refused_for_its_owner(sealed):
    wrap = sealed.wraps["lead1"]
    for at in range(0, len(wrap), 7):
        changed = {**sealed.wraps, "lead1": wrap[:at] + bytes([wrap[at] ^ 1]) + wrap[at + 1 :]}
        with pytest.raises(CannotOpen):
            opened(replace(sealed, wraps=changed))
    assert opened(replace(sealed, wraps=changed), "lead2") == TEXT


@pytest.mark.parametrize("change", [{"algorithm": "none"}, {"wraps": {}}, {"nonce": b""}, {"ciphertext": b""}])
def test_an_envelope_that_lacks_a_part_is_refused(sealed, change):
    with pytest.raises(CannotOpen) as caught:
        opened(replace(sealed, **change))
    assert caught.value.__cause__ is None
    assert "138" not in repr(caught.value)


def test_nothing_of_the_text_or_of_the_key_is_in_the_envelope(sealed):
    stored = sealed.nonce + sealed.ciphertext + b"".join(sealed.wraps.values())
    assert all(part not in stored for part in (TEXT, TEXT[:12], b"138000"))
    assert set(sealed.wraps) == {"lead1", "lead2", "recovery"}


def test_the_same_text_twice_gives_nothing_in_common(sealed):
    again = seal(TEXT, associated=bound(), recipients=RECIPIENTS)
    assert again.nonce != sealed.nonce and again.ciphertext != sealed.ciphertext
    assert not set(again.wraps.values()) & set(sealed.wraps.values())


def test_a_thousand_leads_have_at_most_six_lengths():
    dice = random.Random(7)
    lengths = [int(dice.lognormvariate(5.5, 1.5)) for _ in range(1_000)]
    assert len({size_bucket(length) for length in lengths}) <= 6
    sealed = {len(seal(bytes(n), associated=b"x", recipients=RECIPIENTS).ciphertext) for n in lengths[:200]}
    assert sealed <= {size_bucket(length) + 16 for length in lengths}


@pytest.mark.parametrize(
    ("length", "bucket"),
    [(0, 256), (248, 256), (249, 1024), (1016, 1024), (1017, 4096), (4089, 16384), (16377, 65536), (10**6, 1 << 20)],
)
def test_payloads_are_padded_to_buckets(length, bucket):
    assert size_bucket(length) == bucket
    envelope = seal(bytes(length), associated=bound(), recipients=RECIPIENTS)
    assert len(envelope.ciphertext) == bucket + 16
    assert opened(envelope) == bytes(length)


@given(st.binary(max_size=5_000))
def test_whatever_is_sealed_comes_out_the_same(parts):
    assert opened(seal(parts, associated=bound(), recipients=RECIPIENTS)) == parts


def test_the_digest_covers_every_part(sealed):
    one = digest(sealed)
    assert len(one) == 64 and one == digest(
        Sealed(sealed.nonce, sealed.ciphertext, dict(reversed(sealed.wraps.items())))
    )
    others = [
        replace(sealed, algorithm="none"),
        replace(sealed, nonce=bytes(byte ^ 1 for byte in sealed.nonce)),
        replace(sealed, ciphertext=sealed.ciphertext + b"x"),
        replace(sealed, wraps={**sealed.wraps, "lead1": b""}),
        replace(sealed, wraps={**sealed.wraps, "mallory": sealed.wraps["lead1"]}),
    ]
    assert len({one, *map(digest, others)}) == 6


@pytest.mark.parametrize(
    ("officers", "recovery", "word"),
    [
        ({}, PUBLIC["recovery"], "少于两名"),
        ({"lead1": PUBLIC["lead1"]}, PUBLIC["recovery"], "少于两名"),
        ({"lead1": PUBLIC["lead1"], "lead2": PUBLIC["lead1"]}, PUBLIC["recovery"], "同一把公钥"),
        ({"lead1": PUBLIC["lead1"], "lead2": PUBLIC["lead2"]}, PUBLIC["lead1"], "同一把公钥"),
        ({"lead1": PUBLIC["lead1"], "recovery": PUBLIC["lead2"]}, PUBLIC["recovery"], "不能叫 recovery"),
        ({"lead1": PUBLIC["lead1"], "lead2": "age1xyz"}, PUBLIC["recovery"], "lead2 的公钥"),
        ({"lead1": PUBLIC["lead1"], "lead2": PUBLIC["lead2"]}, "", "recovery 的公钥"),
        ({"lead1": PUBLIC["lead1"], "lead2": str(IDENTITIES["lead2"])}, PUBLIC["recovery"], "lead2 的公钥"),
    ],
)
def test_unfit_recipients_take_no_leads(officers, recovery, word):
    with pytest.raises(ValueError, match=word) as caught:
        Recipients(officers, recovery, FINGERPRINT)
    assert str(IDENTITIES["lead2"]) not in str(caught.value)


def test_recipients_without_a_fingerprint_take_no_leads():
    with pytest.raises(ValueError, match="指纹"):
        replace(RECIPIENTS, fingerprint="")


def test_the_fingerprint_has_a_short_form_for_people():
    assert RECIPIENTS.short == "ab12-cd34-ef56"


@dataclass
class Holder:
    words: Secret


@pytest.mark.parametrize(
    "leak",
    [
        str,
        "{}".format,
        lambda secret: f"{secret}",
        lambda secret: f"{secret:>20}",
        lambda secret: "%s" % secret,  # noqa: UP031
        "".join,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        list,
        bytes,
        len,
        vars,
        sorted,
        lambda secret: secret + "",
        lambda secret: "" + secret,
        lambda secret: secret._text,
        lambda secret: secret.__text,
        lambda secret: secret[0],
        lambda secret: jinja2.Template("{{ secret }}").render(secret=secret),
    ],
)
def test_confidential_text_cannot_leave_by_accident(leak):
    with pytest.raises((TypeError, AttributeError)) as caught:
        leak(Secret("不可外传"))
    assert "不可外传" not in str(caught.value)


def test_confidential_text_shows_nothing_where_programs_show_values(caplog):
    secret = Secret("不可外传")
    assert "不可外传" not in repr(secret) + repr([secret]) + repr(Holder(secret)) + f"{secret!r}"
    logging.getLogger("test").warning("came in: %r", secret)
    assert "不可外传" not in caplog.text
    assert secret.reveal() == "不可外传"


def test_two_confidential_texts_are_never_equal():
    one = Secret("同")
    assert one != Secret("同") and one != "同" and one in {one}
    assert one not in {Secret("同")}
