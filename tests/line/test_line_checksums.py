"""Checksums agree with what is published, and a framing with one lets nothing broken through."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labframe.errors import BadReply
from labframe.line import CHECKSUMS, Checked, Checksum, Framing, Silence, Terminated, checksum
from labframe.line.checksums import CHECK_MESSAGE

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PFEIFFER = Checked(Terminated(write=b"\r", read=b"\r"), "sum8_dec3")
MKS_G = Checked(Terminated(write=b";", read=b";"), "sum8_hex", position="frame")
NMEA = Checked(Terminated(), "xor8_hex", skip=1, separator=b"*")
MODBUS = Checked(Silence(), "crc16_modbus")


@pytest.mark.parametrize(
    ("name", "published", "on_the_wire"),
    [
        ("sum8", 0xDD, b"\xdd"),
        ("sum8_dec3", 221, b"221"),
        ("sum8_hex", 0xDD, b"DD"),
        ("sum16_hex", 0x01DD, b"01DD"),
        ("sum_inverted", 0x22, b"\x22"),
        ("lrc", 0x23, b"\x23"),
        ("xor8", 0x31, b"\x31"),
        ("xor8_hex", 0x31, b"31"),
        ("crc16_modbus", 0x4B37, b"\x37\x4b"),
        ("crc16_xmodem", 0x31C3, b"\x31\xc3"),
        ("crc14_sqm", 0x20BE, b"`c"),
    ],
)
def test_each_checksum_has_its_published_check_value(
    name: str, published: int, on_the_wire: bytes
) -> None:
    entry = checksum(name)
    assert entry.value(CHECK_MESSAGE) == entry.check == published
    assert entry.of(CHECK_MESSAGE) == on_the_wire
    assert entry.source


def test_every_checksum_of_the_registry_has_the_check_value_and_the_size_that_it_states() -> None:
    assert len(CHECKSUMS) == 11
    for name, entry in CHECKSUMS.items():
        assert entry.name == name
        assert entry.value(CHECK_MESSAGE) == entry.check
        assert len(entry.of(CHECK_MESSAGE)) == entry.size


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
@unhurried
@given(data=st.binary(max_size=300))
def test_a_checksum_always_has_its_size_and_is_its_own_match(name: str, data: bytes) -> None:
    entry = checksum(name)
    assert len(entry.of(data)) == entry.size
    assert entry.matches(data, entry.of(data))


@pytest.mark.parametrize("request_", [b"#@O7", b"$L1f2", b"$C?g/"])
def test_the_examples_of_the_sqm160_manual(request_: bytes) -> None:
    assert checksum("crc14_sqm").of(request_[:-2]) == request_[-2:]


@pytest.mark.parametrize(
    "telegram",
    [
        b"1230030902=?112",
        b"1231030906000633037",
        b"0421001006111111020",
        b"0010074002=?106",
        b"0011074006100023025",
        b"0011099906NO_DEF206",
    ],
)
def test_the_examples_of_the_pfeiffer_manual(telegram: bytes) -> None:
    assert PFEIFFER.encode(telegram[:-3]) == telegram + b"\r"
    assert PFEIFFER.decoder().feed(telegram + b"\r") == telegram[:-3]


@pytest.mark.parametrize(
    "frame",
    [
        "00 00 02 01 03 F9",  # start
        "00 00 00 00 FF",  # its answer
        "00 01 00 FE",
        "00 03 00 FC",
        "00 D0 01 03 2B",
        "00 56 00 A9",
        "00 D3 00 2C",
        "00 11 43 00 AB",  # a real capture, unstuffed
    ],
)
def test_the_shdlc_examples_of_the_sps30(frame: str) -> None:
    data = bytes.fromhex(frame)
    assert checksum("sum_inverted").of(data[:-1]) == data[-1:]


@pytest.mark.parametrize(
    "frame",
    ["F7 03 00 00 00 02 D0 9D", "01 03 04 41 48 00 00 6E 19", "01 83 02 C0 F1"],
)
def test_modbus_rtu_frames_end_with_silence_and_carry_their_crc(frame: str) -> None:
    data = bytes.fromhex(frame)
    assert MODBUS.encode(data[:-2]) == data
    decoder = MODBUS.decoder()
    assert decoder.feed(data[:3]) is None
    assert decoder.feed(data[3:]) is None
    assert decoder.silence() == data[:-2]


def test_the_lrc_of_modbus_ascii_is_of_the_bytes_that_its_digits_stand_for() -> None:
    assert checksum("lrc").of(bytes.fromhex("1103006B0003")) == b"\x7e"


def test_the_checksums_of_the_vaisala_manual() -> None:
    line = b"Tdf=-21.60 C H2O=  874.0 ppm "
    assert checksum("sum8_hex").of(line) == b"D6"
    assert checksum("sum16_hex").of(line) == b"06D6"
    assert checksum("xor8_hex").of(line) == b"6E"


def test_a_checksum_after_the_terminator() -> None:
    assert MKS_G.encode(b"@254SN?") == b"@254SN?;F6"
    decoder = MKS_G.decoder()
    assert [decoder.feed(bytes([byte])) for byte in b"@000ACK123.4;D"] == [None] * 14
    assert decoder.feed(b"2rest") == b"@000ACK123.4"
    assert decoder.rest == b"rest"


def test_a_checksum_with_a_separator_of_what_follows_the_first_byte() -> None:
    sentence = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,"
    assert NMEA.encode(sentence) == sentence + b"*47\r\n"
    assert NMEA.decoder().feed(sentence + b"*47\r\n") == sentence
    with pytest.raises(BadReply):
        NMEA.decoder().feed(sentence + b"-47\r\n")


def test_hexadecimal_checksums_may_come_in_small_letters() -> None:
    framing = Checked(Terminated(), "sum8_hex")
    assert framing.decoder().feed(b"123456789dd\r\n") == CHECK_MESSAGE


@pytest.mark.parametrize("framing", [PFEIFFER, MKS_G, NMEA])
@unhurried
@given(payload=st.binary(min_size=1).map(lambda data: data.hex().encode()), data=st.data())
def test_one_changed_byte_is_never_taken_for_an_answer(
    framing: Framing, payload: bytes, data: st.DataObject
) -> None:
    frame = framing.encode(payload)
    skipped = 1 if framing is NMEA else 0
    place = data.draw(st.integers(skipped, len(frame) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != frame[place]))
    changed = frame[:place] + bytes([other]) + frame[place + 1 :]
    try:
        got = framing.decoder().feed(changed)
    except BadReply:
        return
    assert got in (None, payload)  # a digit of the checksum may have become a small letter


@unhurried
@given(
    payload=st.binary(min_size=1),
    bit=st.integers(0),
)
def test_one_changed_bit_of_a_modbus_frame_is_never_taken_for_an_answer(
    payload: bytes, bit: int
) -> None:
    frame = bytearray(MODBUS.encode(payload))
    bit %= len(frame) * 8
    frame[bit // 8] ^= 1 << bit % 8
    decoder = MODBUS.decoder()
    decoder.feed(bytes(frame))
    with pytest.raises(BadReply, match="checksum \\(crc16_modbus\\) is"):
        decoder.silence()


def test_an_answer_shorter_than_its_checksum_is_broken() -> None:
    with pytest.raises(BadReply, match="shorter than its checksum") as caught:
        PFEIFFER.decoder().feed(b"12\r")
    assert caught.value.received == b"12"


def test_a_broken_checksum_says_what_came_and_what_should_have() -> None:
    with pytest.raises(BadReply) as caught:
        PFEIFFER.decoder().feed(b"1231030906000633038\r")
    assert str(caught.value) == "the checksum (sum8_dec3) is b'038' in place of b'037'"
    assert caught.value.received == b"1231030906000633038"


def test_an_unknown_checksum_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="'crc16_modbuss': not known; did you mean 'crc16_modbus'"):
        checksum("crc16_modbuss")
    with pytest.raises(ValueError, match="not known"):
        Checked(Terminated(), "md5")


def test_a_checksum_of_ones_own() -> None:
    plus_nine = Checksum(
        name="sum8_plus_9",
        value=lambda data: (sum(data) + 9) & 0xFF,
        wire=lambda value: b"%02X" % value,
        size=2,
        check=0xE6,
        source="the drivers of PyExpLabSys, for the NAK of MKS gauges",
        is_text=True,
    )
    framing = Checked(Terminated(), plus_nine)
    assert framing.encode(CHECK_MESSAGE) == b"123456789E6\r\n"


@pytest.mark.parametrize("field", [{"position": "middle"}, {"skip": -1}])
def test_a_checked_framing_refuses_what_cannot_be(field: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Checked: "):
        Checked(Terminated(), "sum8", **field)  # type: ignore[arg-type]  # that is the test
