"""A machine in QEMU, held and asked through its debugger's door (the protocol of `target remote`)."""
import os
import socket
import subprocess
import time

REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
             "r15", "rip")


class Gone(Exception):
    """The machine has ended."""


class Held:
    """QEMU started with `line`, stopped before its first instruction."""

    def __init__(self, line, folder, output):
        path = os.path.join(folder, "gdb")
        self.process = subprocess.Popen(
            line + ["-S", "-chardev", "socket,id=gdb,server=on,wait=off,path=" + path.replace(",", ",,"),
                    "-gdb", "chardev:gdb"], stdin=subprocess.DEVNULL, stdout=output)
        self.link = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.link.connect(path)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Gone() from None
                time.sleep(0.05)
        self.pending = b""

    def _byte(self):
        if not self.pending:
            self.pending = self.link.recv(65536)
            if not self.pending:
                raise Gone()
        first, self.pending = self.pending[:1], self.pending[1:]
        return first

    def _send(self, text):
        data = text.encode()
        self.link.sendall(b"$%s#%02x" % (data, sum(data) % 256))

    def _answer(self):
        try:
            while self._byte() != b"$":
                pass
            got = bytearray()
            while True:
                byte = self._byte()
                if byte == b"#":
                    break
                got += byte
            self._byte(), self._byte()
            self.link.sendall(b"+")
            return got.decode()
        except OSError:
            raise Gone() from None

    def ask(self, text):
        try:
            self._send(text)
        except OSError:
            raise Gone() from None
        return self._answer()

    def stop_at(self, address):
        if self.ask("Z0,%x,1" % address) != "OK":
            raise OSError("QEMU refuses a breakpoint")

    def go(self):
        """Run until it stops: False, the machine has ended."""
        try:
            self.ask("s")  # a breakpoint here holds only who arrives
            return not self.ask("c").startswith(("W", "X"))
        except Gone:
            return False

    def register(self, name):
        at = 16 * REGISTERS.index(name)
        return int.from_bytes(bytes.fromhex(self.ask("g")[at:at + 16]), "little")

    def memory(self, address, length):
        """Up to `length` bytes; less where there are none."""
        answer = self.ask("m%x,%x" % (address, length))
        return b"" if answer.startswith("E") else bytes.fromhex(answer)

    def text(self, address):
        got = b""
        while b"\0" not in got and len(got) < 256:
            more = self.memory(address + len(got), 16)
            if not more:
                break
            got += more
        return got.partition(b"\0")[0].decode(errors="replace")

    def monitor(self, command):
        """A command of QEMU's own monitor."""
        answer = self.ask("qRcmd," + command.encode().hex())
        while answer.startswith("O") and answer != "OK":
            answer = self._answer()
        if answer != "OK":
            raise OSError("QEMU's monitor does not know: " + command)

    def end(self):
        self.link.close()
        self.process.kill()
        self.process.wait()
