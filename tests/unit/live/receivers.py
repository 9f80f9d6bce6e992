"""Real servers on loopback that take alerts: one for posts, one for mail."""

import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep


class Posts(BaseHTTPRequestHandler):
    """Keeps what is posted and answers with the next status the test has set."""

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.posts.append((dict(self.headers), body))
        server.more.release()
        status = server.answers.pop(0) if server.answers else 204
        if status == "hangs":
            server.let_go.wait(10)
            status = 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Mailbox(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as it takes to get a message, and refuses where it is told to."""

    def handle(self):
        server = self.server
        self.say("220 here")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            word = line.split()[0].upper()
            server.heard.append(line)
            if word in server.refuses:
                self.say(server.refuses[word].pop(0))
                if not server.refuses[word]:
                    del server.refuses[word]
            elif word == "EHLO":
                self.say("250-here", *(f"250-{one}" for one in server.offers), "250 8BITMIME")
            elif word == "AUTH":
                self.say("235 welcome")
            elif word == "DATA":
                self.say("354 go on")
                server.messages.append(self.message())
                self.say("250 taken")
                server.more.release()
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 yes")

    def message(self):
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        return "\n".join(lines)

    def say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = False
    block_on_close = True


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def posts_taken(*answers):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Posts)
    server.daemon_threads = False
    server.posts, server.answers = [], list(answers)
    server.more, server.let_go = threading.Semaphore(0), threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}/alerts?key=abc"
    with running(server):
        yield server


@contextmanager
def mail_taken(offers=(), **refuses):
    server = MailServer(("127.0.0.1", 0), Mailbox)
    server.messages, server.heard, server.offers = [], [], offers
    server.refuses = {word: list(replies) for word, replies in refuses.items()}
    server.more, server.let_go = threading.Semaphore(0), threading.Event()
    server.port = server.server_address[1]
    with running(server):
        yield server


def eventually(is_so, within_s=10.0):
    """Wait until something is so."""
    for _ in range(round(within_s / 0.01)):
        if is_so():
            return
        sleep(0.01)
    raise AssertionError("it never was")
