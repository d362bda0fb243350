"""The WebSocket side of the paper exchange: frames in, frames out; `shell.py` has the sockets."""
