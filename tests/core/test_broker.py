"""The broker of files: nothing is read half-written, nothing is taken twice, and rubbish stops nobody."""

from queue import Empty

import pytest
from kombu import Connection

import oms.celery  # noqa: F401  # it makes files:// known


@pytest.fixture
def queue(tmp_path):
    opened = []

    def connect():
        connection = Connection("files://", transport_options={"folder": str(tmp_path)})
        opened.append(connection)
        return connection.SimpleQueue("celery", no_ack=True)

    yield connect
    for connection in opened:
        connection.release()


def drained(queue):
    found = []
    while True:
        try:
            found.append(queue.get(block=False).payload)
        except Empty:
            return found


def test_messages_come_once_and_in_order(queue):
    sender, one, other = queue(), queue(), queue()
    for number in range(3):
        sender.put({"n": number})

    assert one.get(block=False).payload == {"n": 0}
    assert drained(other) == [{"n": 1}, {"n": 2}]
    assert drained(one) == []


def test_what_is_not_a_message_is_thrown_away_and_the_next_is_read(queue, tmp_path):
    sender, receiver = queue(), queue()
    sender.put({"n": 1})
    (whole,) = tmp_path.glob("*.msg")
    text = whole.read_bytes()
    rubbish = [b"", text[:20], text[:-1], b"\xff\xfe", b"[]", b"{}", b"null", b'{"properties": 1}']
    for number, content in enumerate(rubbish):
        (tmp_path / f"{number:020d}-broken.celery.msg").write_bytes(content)
    (tmp_path / "00000000000000000000-being-written.part").write_bytes(text[:10])

    assert drained(receiver) == [{"n": 1}]
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]


def test_a_message_that_vanishes_is_somebody_elses(queue, monkeypatch, tmp_path):
    sender, receiver = queue(), queue()
    sender.put({"n": 1})
    (path,) = tmp_path.glob("*.msg")
    monkeypatch.setattr("oms.core.broker.Channel._messages", lambda self, name: [path])
    path.unlink()

    assert drained(receiver) == []


def test_a_folder_among_the_messages_stops_nobody(queue, tmp_path):
    (tmp_path / "000.celery.msg").mkdir()
    queue().put({"n": 1})

    assert drained(queue()) == [{"n": 1}]
