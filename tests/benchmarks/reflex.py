"""An exchange that does nothing: it accepts every futures order and says so at once.

`python -m tests.benchmarks.reflex REST` prints its addresses. Logins and orders, over REST and over
the trading socket, get Gate's answer from a template, unchecked; everything else is passed on to
the exchange at REST. What is measured on it is the client, with as little else as possible: a
thread for each connection reads and writes it, without an event loop in between.
"""

from __future__ import annotations

import json
import re
import socket
import socketserver
import sys
import threading

import requests

from tests.benchmarks.wire import Connection

ORDERS = "/api/v4/futures/usdt/orders"
SIGNED = ("key", "sign", "timestamp")
NUMBER = re.compile(rb'"req_id":\s*"([^"]*)"').search
CHANNEL = re.compile(rb'"channel":\s*"([^"]*)"').search
LABEL = re.compile(rb'"text":\s*"([^"]*)"').search

ORDER = (
    '{"id":1004877,"user":4242,"contract":"BTC_USDT","create_time":1795644626.95,'
    '"update_time":1795644626.95,"size":"1","left":"1","iceberg":"0","price":"60000",'
    '"fill_price":"0","tif":"ioc","text":"%s","status":"finished","is_reduce_only":false,'
    '"is_close":false,"is_liq":false,"tkfr":"0.0005","mkfr":"0.0002","refu":0,"refr":"0",'
    '"stp_id":0,"stp_act":"-","amend_text":"-","biz_info":"-","update_id":1,'
    '"finish_time":1795644626.95,"finish_as":"ioc"}'
)
ANSWER = (
    '{"request_id":"%s","ack":%s,"header":{"response_time":"1795645396772","status":"%d",'
    '"channel":"%s","event":"api","client_id":"127.0.0.1-0x19aa1f6c","x_in_time":1795645396772000,'
    '"x_out_time":1795645396772000,"conn_id":"19aa1f6c46c80001","conn_trace_id":"19aa1f6c46c80001",'
    '"trace_id":"19aa1f6c46c8000100000001","x_gate_ratelimit_requests_remain":99,'
    '"x_gate_ratelimit_limit":100,"x_gat_ratelimit_reset_timestamp":1795645397446},"data":%s}'
)


class Reflex:
    """Answers every connection."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._session = requests.Session()

    def frame(self, peer: Connection, text: bytes, now_ns: int) -> None:
        for answer in answers(text):
            peer.send(answer)

    def request(
        self,
        peer: Connection,
        method: str,
        target: str,
        head: dict[str, str],
        body: bytes,
        now_ns: int,
    ) -> None:
        if method == "POST" and target.lower() == ORDERS:
            peer.answer(ORDER % label(body))
            return
        kept = {name: head[name] for name in SIGNED if name in head}
        url = self._origin + target
        peer.answer(self._session.request(method, url, headers=kept, data=body, timeout=30).text)

    def gone(self, peer: Connection) -> None:
        """Nothing is kept about anybody."""


class _Wire:
    """The connection's way out."""

    def __init__(self, sock: socket.socket) -> None:
        self.write = sock.sendall
        self._sock = sock

    def close(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, service: Reflex) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.service = service


class _Talk(socketserver.BaseRequestHandler):
    """One connection, until its client leaves."""

    server: _Server

    def handle(self) -> None:
        sock: socket.socket = self.request
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Connection(self.server.service)
        peer.connection_made(_Wire(sock))
        try:
            while data := sock.recv(1 << 16):
                peer.data_received(data)
        except ConnectionError:
            return


def answers(payload: bytes) -> list[str]:
    found, asked = CHANNEL(payload), NUMBER(payload)
    channel = found.group(1).decode() if found else ""
    if asked is None:
        name = channel.replace("ping", "pong")
        return [f'{{"time":1,"time_ms":1000,"channel":"{name}","event":"","result":null}}']
    number = asked.group(1).decode()
    if channel.endswith(".login"):
        told = '{"result":{"api_key":"key","uid":"4242"}}'
        return [ANSWER % (number, "false", 200, channel, told)]
    if not channel.endswith(".order_place"):
        told = '{"errs":{"label":"ORDER_NOT_FOUND","message":"order not found"}}'
        return [ANSWER % (number, "false", 404, channel, told)]
    name = label(payload)
    asked_for = (
        f'{{"result":{{"req_id":"{number}","req_header":null,"req_param":{{"contract":"BTC_USDT",'
        f'"size":"1","price":"60000","tif":"ioc","text":"{name}"}}}}}}'
    )
    done = f'{{"result":{ORDER % name}}}'
    return [
        ANSWER % (number, "true", 200, channel, asked_for),
        ANSWER % (number, "false", 200, channel, done),
    ]


def label(payload: bytes) -> str:
    found = LABEL(payload)
    return found.group(1).decode() if found else "api"


def serve(rest: str) -> None:
    """Until the parent goes: its end closes standard input."""
    with _Server(Reflex(rest.removesuffix("/api/v4"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_address[1]}"
        told = {
            "rest": f"http://{host}/api/v4",
            "ws_spot": f"ws://{host}/ws/v4/",
            "ws_futures_usdt": f"ws://{host}/v4/ws/futures/usdt",
            "ws_futures_btc": f"ws://{host}/v4/ws/futures/btc",
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    serve(sys.argv[1])
