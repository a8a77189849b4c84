"""Private words that may be a lead are sealed and asked about; said again as a lead, they answer the question."""

from handlers.request import Request
from models import leads, questions
from models.leads import Lead
from models.questions import Ask, Question
from models.rules.plain import plain


async def ask_about(request: Request, lead: Lead, kind: Ask) -> Question:
    """Under a pseudonym: the question says which envelope is whose, and by a keyed hash what the words were."""
    names = request.around.names
    same = names.words(lead.token, _said(request, request.incoming.words.reveal()))
    return await questions.ask(request.session, names.of(request.me.id), kind, request.now, lead=lead.id, same=same)


async def settle(request: Request, words: str) -> None:
    """The same words, or the same picture, come again: what was sealed of them in doubt goes, and its question too."""
    names = request.around.names
    now = [_said(request, words), *([_said(request, "")] if request.incoming.pictures else [])]
    for question in await questions.open_ones(request.session, names.of(request.me.id), Ask.IS_LEAD, Ask.PICTURE):
        lead = await leads.by_id(request.session, question.subject["lead"])
        if lead is not None and question.subject.get("same") not in [names.words(lead.token, one) for one in now]:
            continue
        if lead is not None:
            await leads.erase(request.session, lead.id)
        close(question, request)


def close(question: Question, request: Request) -> None:
    """Answered; and it forgets whose it was."""
    question.answered_at, question.person, question.subject = request.now, "", {}


def _said(request: Request, words: str) -> str:
    pictures = ",".join(sorted(picture.sha256 for picture in request.incoming.pictures))
    return plain(words).rstrip("。.!！~，, ") + "|" + pictures
