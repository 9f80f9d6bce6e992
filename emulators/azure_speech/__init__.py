"""Azure Speech on loopback: the Speech SDK's protocol (``websocket*``) and HTTP (``http*``)."""
