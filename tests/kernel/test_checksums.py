"""Digests against published check values, against each other, and against the service model's own list."""

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cumulet.kernel import checksums

# The check values of "123456789" from the CRC catalogue, RFC 1321/3174/6234 for the hashes of "abc", and the
# xxHash specification for the empty input.
KNOWN = [
    ("CRC32", b"123456789", "cbf43926"),
    ("CRC32C", b"123456789", "e3069283"),
    ("CRC64NVME", b"123456789", "ae8b14860a799888"),
    ("MD5", b"abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("SHA1", b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("SHA256", b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        "SHA512",
        b"",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    ),
    ("XXHASH64", b"", "ef46db3751d8e999"),
    ("XXHASH3", b"", "2d06800538d394c2"),
    ("XXHASH128", b"", "99aa06d3014798d86001c324468d497f"),
]
ALGORITHMS = st.sampled_from(sorted(checksums.SIZES))


@pytest.mark.parametrize(("algorithm", "data", "expected"), KNOWN)
def test_the_published_check_values_hold(algorithm, data, expected):
    assert checksums.of(algorithm, data).hex() == expected


def test_every_algorithm_of_the_service_model_is_known():
    model = botocore.session.get_session().get_service_model("s3")
    assert set(model.shape_for("ChecksumAlgorithm").enum) == set(checksums.SIZES)


def test_a_checksum_that_real_s3_answered_is_ours():
    assert checksums.encode(checksums.of("CRC64NVME", b"something")) == "1BGd19PD4OU="


@given(ALGORITHMS, st.lists(st.binary(max_size=300), max_size=6))
def test_pieces_digest_like_the_whole_whatever_kind_of_buffer(algorithm, pieces):
    digest = checksums.new(algorithm)
    for index, piece in enumerate(pieces):
        digest.update([bytes, bytearray, memoryview][index % 3](piece))
        digest.digest()
    assert digest.digest() == checksums.of(algorithm, b"".join(pieces))
    assert len(digest.digest()) == checksums.SIZES[algorithm]


@given(st.sampled_from(sorted(checksums.COMBINABLE)), st.binary(max_size=2000), st.binary(max_size=2000))
def test_parts_combine_into_the_checksum_of_the_whole(algorithm, first, second):
    joined = checksums.combine(algorithm, checksums.of(algorithm, first), checksums.of(algorithm, second), len(second))
    assert joined == checksums.of(algorithm, first + second)


@pytest.mark.parametrize("algorithm", sorted(checksums.SIZES.keys() - checksums.COMBINABLE))
def test_what_does_not_combine_says_so(algorithm):
    empty = checksums.of(algorithm, b"")
    with pytest.raises(checksums.UnknownAlgorithm):
        checksums.combine(algorithm, empty, empty, 0)


@given(ALGORITHMS, st.binary(max_size=200))
def test_base64_comes_back_as_it_went(algorithm, data):
    digest = checksums.of(algorithm, data)
    assert checksums.decode(algorithm, checksums.encode(digest)) == digest


@given(ALGORITHMS, st.text(max_size=100))
def test_text_that_is_no_checksum_is_refused(algorithm, text):
    try:
        digest = checksums.decode(algorithm, text)
    except checksums.InvalidChecksum:
        return
    assert checksums.encode(digest) == text


@pytest.mark.parametrize("text", ["", "DUoRhQ", "DUoRhQ==\n", "DUoRhQA=", "DUoRhR==", "DUoR hQ==", "=" * 5000, "é" * 8])
def test_a_checksum_of_the_wrong_length_or_spelling_is_refused(text):
    with pytest.raises(checksums.InvalidChecksum):
        checksums.decode("CRC32", text)


@given(ALGORITHMS, st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_a_composite_is_the_checksum_of_checksums_and_their_number(algorithm, parts):
    digests = [checksums.of(algorithm, part) for part in parts]
    text = checksums.composite(algorithm, digests)
    assert checksums.decode_composite(algorithm, text) == (
        checksums.of(algorithm, b"".join(digests)),
        len(parts),
    )


@pytest.mark.parametrize("count", ["", "0", "01", "-1", "10001", "x", "²", "9" * 5000])
def test_a_composite_names_a_possible_number_of_parts(count):
    with pytest.raises(checksums.InvalidChecksum):
        checksums.decode_composite("CRC32", f"DUoRhQ==-{count}")


def test_several_digests_are_fed_at_once():
    hashes = checksums.Hashes(["MD5", "CRC64NVME"])
    hashes.update(b"1234")
    hashes.update(memoryview(b"56789"))
    assert hashes.length == 9
    assert hashes.digests() == {name: checksums.of(name, b"123456789") for name in ("MD5", "CRC64NVME")}
    assert hashes.digest("MD5") == checksums.of("MD5", b"123456789")


def test_an_unknown_algorithm_is_named_in_the_refusal():
    with pytest.raises(checksums.UnknownAlgorithm, match="ADLER"):
        checksums.new("ADLER")
    with pytest.raises(checksums.UnknownAlgorithm):
        checksums.decode("ADLER", "AAAA")
