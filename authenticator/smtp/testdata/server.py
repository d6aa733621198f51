"""A submission server for the tests: prints its port, then each mail, as lines of JSON.

It ends with its standard input."""

import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

options = json.loads(sys.argv[1])


def say(what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("nobody@"):
            return "550 5.1.1 <%s> is unknown, and hunter2 was your password" % address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if b"repeat me" in envelope.content:
            return "554 5.6.0 refused: " + envelope.content.decode("utf-8", "replace").replace("\r\n", " ")
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "utf8": envelope.smtp_utf8,
            "hello": session.host_name,
            "encrypted": session.ssl is not None or options["mode"] == "implicit",
            "user": session.auth_data.login.decode() if session.auth_data else "",
            "data": base64.b64encode(envelope.content).decode(),
        })
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == options["user"].encode() and data.password == options["password"].encode()
    if not good:
        say({"refused": data.login.decode()})
    return AuthResult(success=good, handled=False, auth_data=data)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options["cert"], options["key"])
    mode = options["mode"]
    auth = bool(options["user"])

    def protocol():
        return SMTP(
            Handler(),
            hostname="mail.test",
            ident="test",
            enable_SMTPUTF8=options["utf8"],
            tls_context=context if mode == "starttls" else None,
            require_starttls=mode == "starttls",
            authenticator=authenticate if auth else None,
            auth_required=auth,
            auth_require_tls=mode == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if mode == "implicit" else None)
    say({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
