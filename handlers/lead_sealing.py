"""The way every confidential word takes: into an envelope before the first byte reaches the database."""

import base64
import json
import re
import secrets

from handlers.registry import Misunderstood
from handlers.request import Desk, Request
from models import leads
from models.leads import Lead, Stage
from models.people import Role
from models.rules.lead_retention import upcoming
from models.rules.lead_stages import due, read_lead_number
from models.sealing import associated, digest, seal

_ON_LEAD = re.compile(r"\s*[-—–_]*\s*\d")
LONGEST_LEAD = 64  # envelopes of one lead
HEAVIEST = 11 << 20  # bytes of files in one envelope: as text they fill the bucket of 16 MB


def on_lead(*words: str) -> tuple[str, ...]:
    """A command's words with the letter of the lead's number: 「办结 L-0012」 is another command than 「办结 12」."""
    return tuple(f"{word}{gap}{letter}" for word in words for gap in ("", " ") for letter in "Ll")


def numbered(rest: str) -> bool:
    """Whether a lead's number follows its letter."""
    return _ON_LEAD.match(rest) is not None


def quiet(request: Request) -> None:
    """Not even the inbox remembers who spoke."""
    if request.incoming.private:
        request.anonymous = True


async def sealed(request: Request, words: str, *, nameless: bool = False) -> Lead | None:
    """Put words, pictures and files in an envelope; None, and a line to the author, when there is nobody to seal to."""
    quiet(request)
    if sum(len(file.data) for file in request.incoming.files) > HEAVIEST:
        raise Misunderstood("lead_heavy", limit=HEAVIEST >> 20, veiled=True)
    recipients = request.around.recipients
    if recipients is None:
        request.reply("lead_closed", veiled=True)
        return None
    hour = request.now.replace(minute=0, second=0, microsecond=0)
    token = secrets.token_hex(16)
    content = json.dumps(_content(request, words, nameless=nameless), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    envelope = seal(content, associated=associated(token, hour, recipients.fingerprint), recipients=recipients)
    lead = await leads.keep(
        request.session,
        envelope,
        token=token,
        hour=hour,
        size=len(envelope.ciphertext),
        digest=digest(envelope),
        fingerprint=recipients.fingerprint,
    )
    lead.forget_at = upcoming(lead.age, request.office.keep)
    if not nameless:
        lead.author = request.around.names.author(token, request.me.id)
    return lead


def _content(request: Request, words: str, *, nameless: bool) -> dict[str, object]:
    incoming = request.incoming
    pictures = [base64.b64encode(p.data).decode() for p in incoming.pictures]
    files = [{"title": f.title, "data": base64.b64encode(f.data).decode()} for f in incoming.files]
    held: dict[str, object] = {"text": words, "pictures": pictures, "files": files}
    if nameless:
        return held
    return held | {
        "from": request.me.id,
        "name": request.me.name,
        "unit": request.unit.name if request.unit is not None else None,
        "room": incoming.room,
        "at": incoming.at.astimezone(request.office.zone).isoformat(timespec="minutes"),
    }


async def register(desk: Desk, lead: Lead) -> None:
    """Give the number, write the envelope's hash into the journal, and tell the officers that there is one."""
    await leads.register(desk.session, lead)
    lead.due_at = due(Stage.REGISTERED, desk.now, desk.calendar)
    await desk.write_down("lead.register", f"lead:{lead.name}", "bot", digest=lead.digest)
    for person in desk.roster.with_role(Role.LEAD_OFFICER):
        desk.tell(person.id, "lead_new", key=f"lead:{lead.id}:{person.id}", office_hours=True, lead=lead)


async def added(request: Request, lead: Lead, words: str, *, nameless: bool = False) -> Lead | None:
    """One more envelope to a lead; its officers hear of it. None when nothing can be sealed."""
    if len(await leads.parts_of(request.session, lead.id)) >= LONGEST_LEAD:
        raise Misunderstood("lead_full", lead=lead, veiled=True)
    part = await sealed(request, words, nameless=nameless)
    if part is None:
        return None
    part.stage, part.part_of, part.author, part.forget_at = Stage.PART, lead.id, "", None
    await request.write_down("lead.add", f"lead:{lead.name}", "bot", digest=part.digest)
    for person in request.roster.with_role(Role.LEAD_OFFICER):
        request.tell(
            person.id,
            "lead_more",
            key=f"lead more:{lead.id}:{request.now.date()}:{person.id}",
            office_hours=True,
            lead=lead,
        )
    return part


async def about_lead(request: Request, rest: str) -> tuple[Lead, str]:
    """The lead that a command's words name, and the words after its number. Raises Misunderstood."""
    number, words = read_lead_number(rest)
    lead = await leads.by_number(request.session, number) if number is not None else None
    if lead is None or lead.stage == Stage.DRILL:
        raise Misunderstood("lead_unknown", veiled=True)
    return lead, words
