"""Challenges and Digest's answers, by the examples of the standards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncfs.endpoint.webdav.digest import (
    Challenge,
    DigestChallenge,
    digest_answer,
    parse_challenges,
    strongest_digest,
)

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def chosen(header: str) -> DigestChallenge:
    digest = strongest_digest(parse_challenges(header))
    assert digest is not None
    return digest


def answer(header: str, user: str = "Mufasa", password: str = "Circle of Life", cnonce: str = CNONCE) -> str:
    return digest_answer(
        chosen(header), user, password, method="GET", target="/dir/index.html", count=1, cnonce=cnonce
    )


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    answered = answer(RFC_7616.format(algorithm=algorithm))
    assert f'response="{response}"' in answered
    assert 'username="Mufasa"' in answered and 'uri="/dir/index.html"' in answered
    assert "qop=auth, nc=00000001" in answered and f'cnonce="{CNONCE}"' in answered
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in answered


def test_the_old_way_of_rfc_2069_has_no_count() -> None:
    header = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    answered = answer(header, password="CircleOfLife")
    # Its erratum's: the response printed in the RFC itself is wrong.
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in answered
    assert "nc=" not in answered and "algorithm" not in answered


def test_a_session_key_depends_on_both_nonces() -> None:
    header = RFC_7616.format(algorithm="MD5-sess")
    assert "algorithm=MD5-sess" in answer(header)
    assert answer(header) != answer(header, cnonce="another").replace("another", CNONCE)


def test_the_example_of_rfc_7616_section_3_9_2_hides_the_name() -> None:
    header = (
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", '
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true'
    )
    answered = digest_answer(
        chosen(header),
        "J\u00e4s\u00f8n Doe",
        "Secret, or not?",
        method="GET",
        target="/doe.json",
        count=1,
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    )
    # The name's and the answer's digests as RFC 7616's erratum 4897 corrects them.
    assert 'username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"' in answered
    assert 'response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"' in answered
    assert "userhash=true" in answered


def test_a_name_beyond_ascii_is_spelt_as_rfc_7616_says() -> None:
    assert "username*=UTF-8''J%C3%A4s%C3%B8n" in answer(
        RFC_7616.format(algorithm="MD5"), user="J\u00e4s\u00f8n"
    )


def test_the_strongest_that_can_be_answered_is_chosen() -> None:
    header = ", ".join(RFC_7616.format(algorithm=name) for name in ("MD5", "SHA-256", "TIGER"))
    assert chosen(header).algorithm == "SHA-256"
    assert strongest_digest(parse_challenges('Digest realm="r", nonce="n", qop="auth-int"')) is None
    assert strongest_digest(parse_challenges('Digest realm="r"')) is None


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ("", []),
        ('Basic realm="a, b"', [Challenge("basic", {"realm": "a, b"})]),
        (r'Basic realm="a \"b\" \\"', [Challenge("basic", {"realm": 'a "b" \\'})]),
        (
            'Negotiate, Basic realm=x , DIGEST nonce = "n",stale=TRUE',
            [
                Challenge("negotiate", {}),
                Challenge("basic", {"realm": "x"}),
                Challenge("digest", {"nonce": "n", "stale": "TRUE"}),
            ],
        ),
        ("NTLM TlRMTVNTUAAC==, Basic realm=x", [Challenge("ntlm", {}), Challenge("basic", {"realm": "x"})]),
        ('realm="x"', []),
        ('Basic realm="unended', [Challenge("basic", {})]),
    ],
)
def test_challenges_are_read(header: str, challenges: list[Challenge]) -> None:
    assert parse_challenges(header) == challenges


@given(st.text(st.characters(max_codepoint=255)))
def test_whatever_a_server_says_is_read_without_an_error(header: str) -> None:
    strongest_digest(parse_challenges(header))
