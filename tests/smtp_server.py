"""A small SMTP server for tests: it keeps what it accepted, and can refuse, hang or break off where it is told to."""

import socketserver
import threading
from email import message_from_bytes
from email.policy import default


class _Line(socketserver.StreamRequestHandler):
    def answer(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        try:
            self.talk()
        except (ConnectionError, BrokenPipeError):
            pass

    def talk(self):
        server = self.server
        self.answer("220 test")
        while line := self.rfile.readline():
            verb = line.split(b":")[0].strip().upper().decode("ascii", "replace").split(" ")[0]
            server.reached(verb)
            if any(address.encode() in line for address in server.unknown):
                self.answer("450 4.2.0 no such mailbox today")
            elif verb in server.answers:
                self.answer(server.answers[verb])
            elif verb == "EHLO":
                self.wfile.write(b"250-test\r\n250 8BITMIME\r\n")
            elif verb == "DATA":
                self.answer("354 go on")
                if not self.take():
                    return
            elif verb == "QUIT":
                self.answer("221 bye")
                return
            else:
                self.answer("250 ok")

    def take(self) -> bool:
        """One message up to its last line; nothing of one that breaks off before is kept."""
        server, lines = self.server, []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            if not lines:
                server.reached("TEXT")
            lines.append(line.removeprefix(b"."))
        refusal = server.answers.get("END")
        if refusal is None:
            server.accepted.append(message_from_bytes(b"".join(lines), policy=default))
        server.reached("END")
        if server.breaks_off:
            return False
        self.answer(refusal or "250 2.0.0 kept as 4711")
        return True


class SmtpServer(socketserver.ThreadingTCPServer):
    """`answers`: verb (RCPT, DATA; END after the last line) -> what it answers instead. `unknown`: addresses refused.

    `hold`: verb at which a line waits until `go` is set; `is_there` says that it does. `breaks_off`: ends the line
    after it accepted a message.
    """

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Line)
        self.accepted, self.answers, self.unknown, self.breaks_off = [], {}, set(), False
        self.hold, self.is_there, self.go = "", threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.accepted]

    def reached(self, verb: str) -> None:
        if verb == self.hold:
            self.is_there.set()
            self.go.wait(60)

    def handle_error(self, request, client_address):
        """A line that breaks off is what some tests are about."""

    def end(self) -> None:
        self.go.set()
        self.shutdown()
        self.server_close()
