"""What one connection of picows receives: frames become texts, and what must not come ends it."""

from __future__ import annotations

from collections.abc import Callable

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport

from mtrade.gate.frames import MAX_FRAME

TEXT, MORE, CLOSE = WSMsgType.TEXT, WSMsgType.CONTINUATION, WSMsgType.CLOSE


class Receiver(WSListener):
    """`begin` is called when the connection is open, `hear` with each text; what they raise ends it
    and comes out of its `wait_disconnected`. A `muted` one hands nothing over."""

    def __init__(self, begin: Callable[[WSTransport], None], hear: Callable[[str], None]) -> None:
        self._begin = begin
        self._hear = hear
        self._message: bytearray | None = None  # a message that comes in several frames
        self.muted = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        try:
            self._begin(transport)
        except BaseException:
            self._leave(transport, WSCloseCode.INTERNAL_ERROR)
            raise

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.muted or transport.is_close_frame_sent:  # also by picows, after a broken frame
            if frame.msg_type is CLOSE:
                transport.disconnect(graceful=False)
            return
        try:
            if frame.rsv1 or frame.rsv2 or frame.rsv3:
                raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "reserved bits")
            if frame.fin and frame.msg_type is TEXT and self._message is None:
                try:
                    text = frame.get_payload_as_utf8_text()
                except UnicodeDecodeError:
                    raise WSProtocolError(WSCloseCode.INVALID_TEXT, "not UTF-8") from None
                self._hear(text)  # nearly always
            else:
                self._other(transport, frame)
        except WSProtocolError as fault:
            self._leave(transport, fault.args[0])
            raise
        except BaseException:
            self._leave(transport, WSCloseCode.INTERNAL_ERROR)
            raise

    def _leave(self, transport: WSTransport, code: WSCloseCode) -> None:
        """Say good-bye and wait for nobody: orders take another way at once."""
        self.muted = True
        transport.send_close(code)
        transport.disconnect(graceful=False)

    def _other(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is CLOSE:
            self._leave(transport, WSCloseCode.OK)
        elif kind is WSMsgType.BINARY:
            raise WSProtocolError(WSCloseCode.UNSUPPORTED_DATA, "a binary frame")
        elif kind is TEXT or kind is MORE:
            self._part(frame, first=kind is TEXT)

    def _part(self, frame: WSFrame, *, first: bool) -> None:
        """A frame of a message in several: the first one says what it is, others continue it."""
        if first is (self._message is not None):
            raise WSProtocolError(
                WSCloseCode.PROTOCOL_ERROR, "not the frame that continues the message"
            )
        whole = self._message = self._message or bytearray()
        whole += frame.get_payload_as_bytes()
        if len(whole) > MAX_FRAME:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, "too large")
        if frame.fin:
            self._message = None
            try:
                text = whole.decode()
            except UnicodeDecodeError:
                raise WSProtocolError(WSCloseCode.INVALID_TEXT, "not UTF-8") from None
            self._hear(text)
