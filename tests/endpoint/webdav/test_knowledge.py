"""Which of table, state, probe and user is believed, and how servers are told apart."""

import time
from typing import Any

import pytest

from syncfs.endpoint.webdav.knowledge import EXPIRY_S, Knowledge, told_capabilities
from syncfs.endpoint.webdav.profile import UNKNOWN, Etags, Profile, SetMtime
from syncfs.endpoint.webdav.servers import Fingerprint, recognise
from syncfs.errors import ConfigError

STRANGER = Fingerprint(
    "Box/1.0", "1,2", b'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"><d:response><d:href>/</d:href>'
)
APACHE = Fingerprint(
    "Apache/2.4.71", "", b'<D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:">\n<D:response xmlns:lp1="DAV:">'
)


def remembered(**more: Any) -> dict[str, Any]:
    facts = {"seen": STRANGER.text, "learnt_s": int(time.time()), "capabilities": {"tells_quota": True}}
    return facts | more


def after(facts: dict[str, Any] | None, seen: Fingerprint = STRANGER, **said: Any) -> Knowledge:
    knowledge = Knowledge(said)
    knowledge.recall(facts)
    knowledge.see(seen)
    return knowledge


def test_a_strange_server_is_trusted_with_nothing_and_a_known_one_needs_no_probe() -> None:
    assert after(None).profile == UNKNOWN and not after(None).is_settled
    known = after(None, APACHE)
    assert known.profile.name == "Apache" and known.is_settled and known.facts is None


def test_what_was_learnt_is_believed_while_the_server_looks_the_same() -> None:
    knowledge = after(remembered())
    assert knowledge.profile.tells_quota and knowledge.is_settled
    facts = remembered()
    assert after(facts).facts == facts
    upgraded = STRANGER._replace(server="Box/1.1")
    assert not after(remembered(), upgraded).is_settled
    assert after(remembered(), upgraded).facts is None


def test_what_was_learnt_is_forgotten_after_thirty_days() -> None:
    now = int(time.time())
    assert after(remembered(learnt_s=now - EXPIRY_S + 60)).is_settled
    assert not after(remembered(learnt_s=now - EXPIRY_S - 60)).is_settled
    assert not after(remembered(learnt_s=now + EXPIRY_S + 60)).is_settled, "a clock was set back"


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"seen": STRANGER.text},
        remembered(capabilities=7),
        remembered(capabilities={"walks_on_water": True}),
        remembered(capabilities={"tells_quota": "perhaps"}),
    ],
)
def test_facts_that_another_version_wrote_are_learnt_afresh(facts: dict[str, Any]) -> None:
    knowledge = after(facts)
    assert knowledge.profile == UNKNOWN and not knowledge.is_settled


def test_the_user_is_believed_first_and_what_is_learnt_stays_apart_from_it() -> None:
    knowledge = after(remembered(), tells_quota=False)
    assert not knowledge.profile.tells_quota
    knowledge.learn({"folds_case": True, "tells_quota": True})
    assert knowledge.profile.folds_case and not knowledge.profile.tells_quota
    assert knowledge.facts is not None and knowledge.facts["capabilities"]["tells_quota"]


def test_a_server_is_looked_at_afresh_in_each_run() -> None:
    knowledge = after(None)
    knowledge.learn({"tells_quota": True})
    knowledge.recall(None)
    knowledge.see(STRANGER)
    assert knowledge.is_settled, "without a state this process remembers"
    knowledge.recall(None)
    knowledge.see(STRANGER._replace(server="Box/2"))
    assert not knowledge.is_settled


def test_facts_survive_as_json_values() -> None:
    profile = Profile(
        name="x",
        etags=Etags.COARSE,
        sets_mtime=SetMtime.LASTMODIFIED,
        heeds_if=frozenset({"PUT"}),
        moves_without_gap=True,
        unsafe_in_names=frozenset("?\t"),
    )
    assert UNKNOWN.with_facts(profile.to_dict()) == profile


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{", "not JSON"),
        ([1], "is a mapping"),
        ({"quota": True}, "no capability is called 'quota'"),
        ({"tells_quota": 1}, "tells_quota is true or false, not 1"),
        ({"etags": "good"}, "etags is one of none, coarse, weak, strong"),
        ({"heeds_if": "PUT"}, "heeds_if is a list"),
        ({"mkcol_on_existing": True}, "mkcol_on_existing is a number"),
    ],
)
def test_what_a_user_cannot_say_is_refused_in_one_line(value: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        told_capabilities(value, "dst")
    assert str(caught.value).startswith("dst: capabilities") and "\n" not in str(caught.value)


def test_what_a_user_says_may_be_json() -> None:
    assert told_capabilities('{"heeds_if": ["PUT"]}', "dst") == {"heeds_if": ["PUT"]}
    assert told_capabilities(None, "dst") == {}


def test_a_server_s_name_alone_proves_nothing() -> None:
    strange = b'<d:multistatus xmlns:d="DAV:" xmlns:z="urn:z">'
    for server in ("Apache/2.4", "nginx/1.22", "lighttpd/1.4", "Cheroot/11", "rclone/v1.75.2", "uvicorn"):
        assert recognise(Fingerprint(server, "", strange)) is None


def test_an_old_rclone_is_not_given_mtimes() -> None:
    head = b'<?xml version="1.0"?><D:multistatus xmlns:D="DAV:"><D:response>'
    ways = []
    for version in ("v1.60.1", "v1.75.0", "v2.0.0", "beta"):
        found = recognise(Fingerprint(f"rclone/{version}", "", head))
        assert found is not None
        ways.append(found.sets_mtime)
    assert ways == [SetMtime.NO, SetMtime.HEADER, SetMtime.HEADER, SetMtime.NO]
