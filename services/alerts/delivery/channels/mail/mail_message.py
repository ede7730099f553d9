from email.header import Header
from email.message import Message as Mail
from email.mime.text import MIMEText
from email.parser import Parser
from email.policy import compat32
from hashlib import sha256

from services.alerts.delivery.channels.library import NotifyEmail, NotifyFormat
from services.alerts.message.message import Message

_WIRE = compat32.clone(linesep="\r\n")


def build_mail(service: NotifyEmail, message: Message, reference: str) -> bytes:
    mail = _addressed(service, message.subject, reference)
    # Apprise would make the plain text from the HTML. Ours has a layout made for readers.
    mail.set_payload([MIMEText(message.text, "plain", "utf-8"), MIMEText(message.html, "html", "utf-8")])
    # Apprise's Header has no `header_name`, so an encoded subject would begin with an empty line.
    del mail["Subject"]
    mail["Subject"] = Header(message.subject, header_name="Subject").encode()
    del mail["Message-ID"]
    mail["Message-ID"] = message_id(reference, service.targets[0][1], str(service.from_addr[1]))
    return mail.as_bytes(policy=_WIRE)


def _addressed(service: NotifyEmail, subject: str, reference: str) -> Mail:
    # `Auto-Submitted` (RFC 3834) stops absence notes. Our headers replace headers of the same name in the route.
    ours = {"Auto-Submitted": "auto-generated", "X-Pullcord-Alert": reference}
    taken = {name.lower() for name in ours}
    theirs = {name: value for name, value in service.headers.items() if name.lower() not in taken}
    [prepared] = NotifyEmail.prepare_emails(
        subject=subject,
        body="<p></p>",  # `build_mail` replaces it
        notify_format=NotifyFormat.HTML,
        from_addr=service.from_addr,
        to=service.targets,
        reply_to=service.reply_to,
        smtp_host=service.smtp_host,
        headers=theirs | ours,
        names=service.names,
    )
    return Parser(policy=compat32).parsestr(prepared.body)


def message_id(reference: str, recipient: str, sender: str) -> str:
    # Every repeat of a message has the same id, so that mail systems may drop the copy.
    # The form follows RFC 5322, 3.6.4. A digest is used so that the id does not show the recipient.
    digest = sha256(f"{reference}\n{recipient}".encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2]}>"
