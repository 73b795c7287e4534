"""Keys for a class by one call, what they open, and how they end."""

from __future__ import annotations

import httpx
import pytest

from backsweep_client import Client, Forbidden, Invalid, NewKey, NotFound, Unauthorized, Unreachable
from tests.servers.service import RunningService


def test_thirty_keys_come_of_one_call_and_each_opens_what_is_its_owners(
    client: Client, service: RunningService
) -> None:
    names = [f"pupil {number:02}" for number in range(1, 31)]
    made = client.keys.create(names, name="a course", days=90, limits={"queued_runs": 50})
    assert [key.owner for key in made] == names
    assert len({key.key for key in made}) == 30
    assert all(key.link.endswith(f"#token={key.key}") for key in made)
    with Client(service.url, key=made[0].key) as pupil:
        sweep = pupil.submit({"dataset": "iris", "seeds": 1, "parameters": {"epochs": 1}})
        assert [each.id for each in pupil.sweeps()] == [sweep.id]
        with pytest.raises(Forbidden):
            pupil.keys.create("another")
        with pytest.raises(Forbidden):
            next(pupil.keys.list())
    with Client(service.url, key=made[1].key) as other:
        assert list(other.sweeps()) == []
        with pytest.raises(NotFound):
            other.sweep(sweep.id)


def test_keys_are_listed_without_their_secret_page_by_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backsweep_client.keys.PAGE_SIZE", 2)
    made = client.keys.create(["list a", "list b", "list c"], scopes=["read"])
    found = {key["id"]: key for key in client.keys.list()}
    for key in made:
        assert found[key.id]["owner"]["name"] == key.owner
        assert found[key.id]["scopes"] == ["read"]
        assert key.key not in str(found)
    assert [key["id"] for key in client.keys.list(owner="list b")] == [made[1].id]
    assert {"list a", "list c"} <= {owner["name"] for owner in client.keys.owners()}
    with pytest.raises(ValueError, match="no owner 'list d'"):
        client.keys.list(owner="list d")


def test_a_revoked_key_opens_nothing_and_an_owner_is_shut_out_with_all_keys(
    client: Client, service: RunningService
) -> None:
    one, two, three = client.keys.create(["ends a", "ends b", "ends c"])
    assert client.keys.revoke(one)["is_valid"] is False
    assert client.keys.revoke(one.id)["is_valid"] is False
    client.keys.revoke_owner(two.owner)
    for key in (one, two):
        with Client(service.url, key=key.key) as ended, pytest.raises(Unauthorized):
            list(ended.sweeps())
    with Client(service.url, key=three.key) as goes_on:
        assert list(goes_on.sweeps()) == []
    with pytest.raises(NotFound):
        client.keys.revoke("000000000000")


def test_what_is_wrong_with_a_request_for_keys_is_told_with_its_place(client: Client) -> None:
    with pytest.raises(Invalid) as caught:
        client.keys.create(["a name", ""], scopes=["write"], limits={"runs": 3})
    assert {fault.path for fault in caught.value.errors} == {"owners[1]", "scopes[0]", "limits.runs"}


def test_keys_are_not_asked_for_again_when_the_answer_is_lost() -> None:
    asked: list[bytes] = []

    def lost(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        raise httpx.ReadError("reset")

    client = Client("http://127.0.0.1:1", key="k", http=httpx.MockTransport(lost))
    with client, pytest.raises(Unreachable):
        client.keys.create("ann")
    assert len(asked) == 1


def test_a_key_does_not_show_itself_in_a_notebook() -> None:
    key = NewKey("ann", "9f86d081884c", "bs_9f86d081884c_secret", "http://127.0.0.1/#token=bs_secret")
    assert "secret" not in repr(key)
    assert "ann" in repr(key)
