"""Azure Speech on loopback: the WebSocket protocol of the Speech SDK (``websocket*``)."""
