"""A search server that speaks HTTP badly on purpose, and keeps a real little index: documents by index and id, `create`
semantics. Its answers have the form of OpenSearch's; what a test scripts (see faults below) replaces them."""

import gzip
import itertools
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections import namedtuple
from http import HTTPStatus

# One `create` of a bulk request: where it goes, and the text of the document.
Item = namedtuple("Item", "index id source")
# What came, when (monotonic seconds); `body` is what was sent, `text` what that is decoded.
Request = namedtuple("Request", "time method path query headers body text")

ROOT = {
    "name": "n1",
    "cluster_name": "fake",
    "cluster_uuid": "80QMyHHaR2GI92NmMNTi7g",
    "version": {
        "distribution": "opensearch",
        "number": "2.19.4",
        "build_type": "zip",
        "lucene_version": "9.12.3",
        "minimum_wire_compatibility_version": "7.10.0",
        "minimum_index_compatibility_version": "7.0.0",
    },
    "tagline": "The OpenSearch Project: https://opensearch.org/",
}

# Of an item, or of a whole request, by status.
CAUSES = {
    400: ("mapper_parsing_exception", "failed to parse field [x] of type [long] in document with id '{id}'"),
    401: ("security_exception", "missing authentication credentials for REST request [/_bulk]"),
    403: ("cluster_block_exception", "index [{index}] blocked by: [FORBIDDEN/8/index write (api)];"),
    404: ("index_not_found_exception", "no such index [{index}]"),
    409: ("version_conflict_engine_exception", "[{id}]: version conflict, document already exists (current version [1])"),
    429: ("rejected_execution_exception", "rejected execution of primary operation [coordinating_and_primary_bytes=0]"),
    503: ("unavailable_shards_exception", "[{index}][0] primary shard is not active Timeout: [1m]"),
}

STORED_PATHS = re.compile(r"(?:/[\w/]+)?/(_index_template|_component_template|_ilm/policy|_plugins/_ism/policies)/[^/]+$")


def cause(status, item=None):
    kind, reason = CAUSES.get(status, ("exception", "it is scripted"))
    names = {"index": item.index, "id": item.id} if item else {"index": "events", "id": "?"}
    return {"type": kind, "reason": reason.format(**names)}


def refusal(status):
    """The body of a whole request that is refused."""
    error = cause(status)
    return {"error": {"root_cause": [error], **error}, "status": status}


def item_answer(item, status, error=None):
    body = {"_index": item.index, "_id": item.id, "status": status}
    if status == 201:
        body |= {"_version": 1, "result": "created", "_shards": {"total": 1, "successful": 1, "failed": 0}, "_seq_no": 0}
    else:
        body["error"] = error or cause(status, item)
    return {"create": body}


def filtered(value, patterns):
    """The part of a response that `filter_path` leaves."""
    if isinstance(value, list):
        return [kept for kept in (filtered(entry, patterns) for entry in value) if kept not in ({}, [])]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, entry in value.items():
        rest = [pattern[1:] for pattern in patterns if pattern[0] in (key, "*", "**")]
        if any(not pattern for pattern in rest):
            kept[key] = entry
        elif rest and isinstance(entry, (dict, list)):
            kept[key] = filtered(entry, rest)
    return kept


class BadRequest(Exception):
    """A bulk request that no server would take; the message says why."""


def items_of(text):
    """The documents in the body of a bulk request, which has only `create` actions."""
    if not text:
        raise BadRequest("request body is required")
    if not text.endswith(b"\n"):
        raise BadRequest("The bulk request must be terminated by a newline [\\n]")
    lines = text[:-1].split(b"\n")
    if len(lines) % 2:
        raise BadRequest("an action without its document")
    items = []
    for action, source in zip(lines[::2], lines[1::2]):
        action = json.loads(action)
        if list(action) != ["create"]:
            raise BadRequest(f"Malformed action/metadata line, expected create but found {list(action)}")
        json.loads(source)
        items.append(Item(action["create"].get("_index"), action["create"].get("_id"), source.decode()))
    return items


class Exchange:
    """One bulk request that is to be answered, by a fault or as it should be."""

    def __init__(self, server, connection, request, items):
        self.server = server
        self.connection = connection
        self.request = request
        self.items = items

    def apply(self, items=None):
        """Does what was asked for; the answers, an object an item."""
        return [self.server.create(item) for item in (self.items if items is None else items)]

    def body(self, answers, errors=None):
        if errors is None:
            errors = any(answer["create"]["status"] > 299 for answer in answers)
        full = {"took": 3, "errors": errors, "items": answers}
        wanted = re.search(r"(?:^|&)filter_path=([^&]*)", self.request.query)
        if wanted:
            patterns = [pattern.split(".") for pattern in wanted[1].replace("%2C", ",").replace("%2A", "*").split(",")]
            full = filtered(full, patterns)
        return json.dumps(full).encode()

    def answer(self, status, body=b"", content_type="application/json; charset=UTF-8", **headers):
        self.connection.answer(status, body, content_type, **headers)

    def answer_well(self):
        self.answer(200, self.body(self.apply()))


class Hangup(Exception):
    """The connection is to be closed."""


class Connection:
    def __init__(self, server, peer):
        self.server = server
        self.peer = peer
        self.stream = peer.makefile("rb")

    def serve(self):
        while True:
            request = self._read()
            if request is None:
                return
            with self.server.lock:
                self.server.requests.append(request)
                self.server.busy += 1
                self.server.most_busy = max(self.server.most_busy, self.server.busy)
            try:
                self.server.respond(self, request)
            finally:
                with self.server.lock:
                    self.server.busy -= 1

    def _read(self):
        line = self.stream.readline(65536)
        if not line.endswith(b"\r\n"):
            return None
        method, target, _ = line.decode().split(" ", 2)
        headers = {}
        while (line := self.stream.readline(65536)) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._body(headers)
        text = body
        if headers.get("content-encoding") == "gzip":
            text = gzip.decompress(body)
        path, _, query = target.partition("?")
        return Request(time.monotonic(), method, path, query, headers, body, text)

    def _body(self, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.stream.readline(100).split(b";")[0], 16):
                parts.append(self._exactly(size))
                self.stream.readline(10)
            self.stream.readline(10)
            return b"".join(parts)
        return self._exactly(int(headers.get("content-length", 0)))

    def _exactly(self, size):
        body = self.stream.read(size)
        if len(body) != size:
            raise Hangup
        return body

    def send(self, data):
        self.peer.sendall(data)

    def head(self, status, content_type, **headers):
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        if content_type:
            lines.append(f"content-type: {content_type}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def answer(self, status, body=b"", content_type="application/json; charset=UTF-8", **headers):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        head = self.head(status, content_type if body else None, **{"content-length": len(body), **headers})
        self.send(head + body)

    def reset(self):
        """As a machine that died and came back does it."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Hangup


class BadSearchServer:
    """In threads of its own; start() … close(). `cluster` is another one whose index it shares."""

    def __init__(self, cluster=None, tls=None, port=0):
        self.lock = cluster.lock if cluster else threading.RLock()
        # {index: {id: text of the document}}
        self.index = cluster.index if cluster else {}
        # {path: what was put there}
        self.stored = cluster.stored if cluster else {}
        self.requests = []
        self.busy = 0
        self.most_busy = 0
        self.tls = tls
        self.port = port
        self.listener = None
        self.peers = set()
        self.closing = threading.Event()

        # ---- what a test may tell it
        # Of the next bulk requests, one each, and of all others.
        self.script = []
        self.always = None
        # Of any request: (request) → (status, body) or None, before all else.
        self.guard = None
        # (text) → whether the document is refused, alone, or with the whole request.
        self.poison = None
        self.whole_poison = None
        # Of a decoded request, in bytes.
        self.limit = None

    # ---- its life

    def start(self):
        self.closing.clear()
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def close(self):
        """Nobody listens any more, and all connections are gone."""
        self.closing.set()
        if self.listener:
            # Wakes who accepts, which closing does not.
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        with self.lock:
            peers = list(self.peers)
        for peer in peers:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has gone already

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _accept(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                peer = self.tls.wrap_socket(peer, server_side=True)
            with self.lock:
                self.peers.add(peer)
            Connection(self, peer).serve()
        except (Hangup, OSError, ssl.SSLError, ValueError):
            pass  # the peer's or the test's wish
        finally:
            with self.lock:
                self.peers.discard(peer)
            peer.close()

    # ---- what it holds

    def documents(self):
        """Texts of all documents, in all indices."""
        with self.lock:
            return [text for documents in self.index.values() for text in documents.values()]

    def bulks(self):
        """The bulk requests that came."""
        with self.lock:
            return [request for request in self.requests if request.path.endswith("/_bulk")]

    def create(self, item):
        if self.poison and self.poison(item.source):
            return item_answer(item, 400)
        with self.lock:
            documents = self.index.setdefault(item.index, {})
            if item.id in documents:
                return item_answer(item, 409)
            documents[item.id] = item.source
        return item_answer(item, 201)

    # ---- what it answers

    def respond(self, connection, request):
        refused = self.guard(request) if self.guard else None
        if refused:
            connection.answer(*refused)
        elif request.path.endswith("/_bulk"):
            self._bulk(connection, request)
        elif request.path.endswith("/"):
            # Behind a proxy there is more before it.
            connection.answer(200, ROOT)
        elif request.path == "/_cluster/health":
            connection.answer(200, {"cluster_name": "fake", "status": "green", "timed_out": False, "number_of_nodes": 1})
        elif STORED_PATHS.fullmatch(request.path):
            self._store(connection, request)
        else:
            connection.answer(404, refusal(404))

    def _bulk(self, connection, request):
        try:
            items = items_of(request.text)
        except (BadRequest, ValueError) as error:
            connection.answer(400, {"error": {"type": "illegal_argument_exception", "reason": str(error)}, "status": 400})
            return
        exchange = Exchange(self, connection, request, items)
        with self.lock:
            fault = self.script.pop(0) if self.script else self.always
        if fault:
            fault(exchange)
        elif self.limit is not None and len(request.text) > self.limit:
            exchange.answer(413)
        elif self.whole_poison and any(self.whole_poison(item.source) for item in items):
            exchange.answer(
                400, {"error": {"type": "action_request_validation_exception", "reason": "it is whole_poison"}, "status": 400}
            )
        else:
            exchange.answer_well()

    def _store(self, connection, request):
        with self.lock:
            if request.method == "PUT":
                self.stored[request.path] = json.loads(request.text)
                connection.answer(200, {"acknowledged": True})
            elif request.path not in self.stored:
                connection.answer(404, refusal(404) if request.method == "GET" else b"")
            elif request.method == "HEAD":
                connection.answer(200)
            else:
                connection.answer(200, self._show(request.path))

    def _show(self, path):
        kind, name = path[1:].rsplit("/", 1)
        stored = self.stored[path]
        if kind == "_index_template":
            return {"index_templates": [{"name": name, "index_template": stored}]}
        if kind == "_component_template":
            return {"component_templates": [{"name": name, "component_template": stored}]}
        if kind == "_ilm/policy":
            return {name: {"version": 1, **stored}}
        return {"_id": name, "_version": 1, "_seq_no": 0, "_primary_term": 1, **stored}


# ---------------------------------------------------------------- faults: each answers one bulk request


def refused(status, body=None, **headers):
    """The whole request is, and nothing of it took effect."""

    def fault(exchange):
        exchange.answer(status, refusal(status) if body is None else body, **headers)

    return fault


def per_item(*statuses):
    """The items have these, in turn; those with 201 are stored, those with 409 are there already."""

    def fault(exchange):
        answers = []
        for number, item in enumerate(exchange.items):
            status = statuses[number % len(statuses)]
            if status == 409:
                exchange.apply([item])
            if status in (201, 409):
                (answer,) = exchange.apply([item])
                answers.append(answer)
            else:
                answers.append(item_answer(item, status))
        exchange.answer(200, exchange.body(answers))

    return fault


def long_reasons(status, size):
    """Each item has an answer of that size."""

    def fault(exchange):
        error = {"type": CAUSES[status][0], "reason": "x" * size}
        applied = exchange.apply() if status == 409 else []
        assert all(answer["create"]["status"] in (201, 409) for answer in applied)
        answers = [item_answer(item, status, error) for item in exchange.items]
        exchange.answer(200, exchange.body(answers))

    return fault


def cut_short(exchange):
    """It took effect, and the connection ends in the middle of the answer."""
    body = exchange.body(exchange.apply())
    head = exchange.connection.head(200, "application/json", **{"content-length": len(body)})
    exchange.connection.send(head + body[: len(body) // 2])
    raise Hangup


def half_json(exchange):
    """It took effect, and the answer is whole by its length, but half by its text."""
    body = exchange.body(exchange.apply())
    exchange.answer(200, body[: len(body) // 2])


def cut_in_the_head(exchange):
    exchange.apply()
    exchange.connection.send(b"HTTP/1.1 200 OK\r\ncontent-ty")
    raise Hangup


def no_http(exchange):
    exchange.connection.send(b"220 mail.example.com ESMTP\r\n")
    raise Hangup


def reset_before(exchange):
    exchange.connection.reset()


def reset_after(exchange):
    exchange.apply()
    exchange.connection.reset()


def reset_half_way(exchange):
    """Some of it took effect."""
    exchange.apply(exchange.items[: len(exchange.items) // 2])
    exchange.connection.reset()


def huge(size, form="json"):
    """It took effect, and the answer has a body of that size: right for its items (json), nonsense, without an end that is
    told of beforehand (endless), or small until it is decoded (gzip)."""

    def fault(exchange):
        body = exchange.body(exchange.apply())
        block = b" " * (1 << 20)
        blocks = size // len(block)
        if form == "gzip":
            # Only for those who ask for it.
            if "gzip" in exchange.request.headers.get("accept-encoding", ""):
                packed = gzip.compress(body[:-1] + block * blocks + body[-1:], 1)
                exchange.answer(200, packed, content_encoding="gzip")
            else:
                exchange.answer(200, body)
            return
        length = {} if form == "endless" else {"content-length": len(body) + blocks * len(block)}
        exchange.connection.send(exchange.connection.head(200, "application/json", **length))
        exchange.connection.send(body[:-1] if form == "json" else b"")
        for _ in range(blocks):
            exchange.connection.send(block)
        exchange.connection.send(body[-1:] if form == "json" else body)
        raise Hangup

    return fault


def drip(exchange):
    """Slow-loris: it took effect, and the answer comes byte by byte, for ever."""
    body = exchange.body(exchange.apply())
    exchange.connection.send(exchange.connection.head(200, "application/json", **{"content-length": len(body) + 10**9}))
    for byte in itertools.chain(body[:-1], itertools.repeat(ord(" "))):
        if exchange.server.closing.wait(0.05):
            raise Hangup
        exchange.connection.send(bytes([byte]))


def silence(exchange):
    """It took effect, and nobody ever says so."""
    exchange.apply()
    exchange.connection.peer.settimeout(0.05)
    while not exchange.server.closing.is_set():
        try:
            if not exchange.connection.peer.recv(1):
                break
        except TimeoutError:
            continue
    raise Hangup


def slow(seconds):
    """It takes its time."""

    def fault(exchange):
        exchange.server.closing.wait(seconds)
        exchange.answer_well()

    return fault


def in_chunks(exchange):
    """All is well; the answer comes in small pieces, whose edges lie anywhere."""
    body = exchange.body(exchange.apply())
    exchange.connection.send(exchange.connection.head(200, "application/json", **{"transfer-encoding": "chunked"}))
    step = max(7, len(body) // 200)
    for begin in range(0, len(body), step):
        piece = body[begin : begin + step]
        exchange.connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    exchange.connection.send(b"0\r\n\r\n")


def cut_in_a_chunk(exchange):
    body = exchange.body(exchange.apply())
    exchange.connection.send(exchange.connection.head(200, "application/json", **{"transfer-encoding": "chunked"}))
    exchange.connection.send(b"%x\r\n%s" % (len(body), body[: len(body) // 2]))
    raise Hangup


def zipped(exchange):
    """All is well, and compressed, for those who ask for it."""
    body = exchange.body(exchange.apply())
    if "gzip" in exchange.request.headers.get("accept-encoding", ""):
        exchange.answer(200, gzip.compress(body), content_encoding="gzip")
    else:
        exchange.answer(200, body)


def closing(exchange):
    """All is well, and it was the last answer on this connection."""
    exchange.answer(200, exchange.body(exchange.apply()), connection="close")
    raise Hangup


def closing_unannounced(exchange):
    """Like closing(), but without notice: a request may be on its way already."""
    exchange.answer(200, exchange.body(exchange.apply()))
    raise Hangup


def without_length(exchange):
    """As in HTTP/1.0: the answer ends where the connection does."""
    body = exchange.body(exchange.apply())
    exchange.connection.send(b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" + body)
    raise Hangup


def early_hints(exchange):
    """Answers before the answer."""
    exchange.connection.send(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 5)
    exchange.answer_well()


def endless_head(size):
    """Header lines of that size in all, and no end of them."""

    def fault(exchange):
        exchange.connection.send(b"HTTP/1.1 200 OK\r\n")
        line = b"x-header-%08d: " + b"x" * 1000 + b"\r\n"
        for number in range(size // len(line)):
            exchange.connection.send(line % number)
        raise Hangup

    return fault


def endless_hints(size):
    """Answers before the answer, of that size in all."""

    def fault(exchange):
        hint = b"HTTP/1.1 103 Early Hints\r\nlink: </" + b"x" * 1000 + b">\r\n\r\n"
        for _ in range(size // len(hint)):
            exchange.connection.send(hint)
        raise Hangup

    return fault


def says(*bodies):
    """JSON, or nearly, that is no answer to a bulk request; nothing took effect. One fault a body."""

    def fault(body):
        return lambda exchange: exchange.answer(200, body if isinstance(body, bytes) else json.dumps(body).encode())

    return [fault(body) for body in bodies]


def odd_items(change):
    """All took effect; each item's answer is what `change` makes of it."""

    def fault(exchange):
        answers = [change(answer) for answer in exchange.apply()]
        exchange.answer(200, {"took": 1, "errors": False, "items": answers})

    return fault


def too_many_items(exchange):
    answers = exchange.apply()
    exchange.answer(200, exchange.body(answers + answers))


def redirect(url, status=307):
    def fault(exchange):
        exchange.answer(status, b"<html>moved</html>", "text/html", location=url + exchange.request.path)

    return fault


PROXY_PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n"


def proxy_page(status):
    """The response of a proxy that can't reach the server."""

    def fault(exchange):
        exchange.answer(status, PROXY_PAGE, "text/html")

    return fault


def items_missing(exchange):
    """errors is false, and of the answers, as of what took effect, there is only the first half."""
    exchange.answer(200, exchange.body(exchange.apply(exchange.items[: len(exchange.items) // 2]), errors=False))


def no_items(exchange):
    """errors is false, no item is spoken of, and nothing took effect."""
    exchange.answer(200, {"took": 1, "errors": False, "items": []})


def false_errors(exchange):
    """errors is false, and the items say otherwise: every second one was refused for now."""
    answers = [item_answer(i, 429) if n % 2 else exchange.apply([i])[0] for n, i in enumerate(exchange.items)]
    exchange.answer(200, exchange.body(answers, errors=False))
