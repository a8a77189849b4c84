"""What is wrong is told to those who look after the bot, at any hour, once (I10)."""

from handlers.registry import tick
from handlers.request import Desk
from models import alarms
from models.alarms import Alarm


@tick("alarm", due=alarms.UNTOLD.due, next=alarms.UNTOLD.next)
async def tell(desk: Desk, number: int) -> None:
    """Told by whatever door is open; the list at `/api/alarms` and the log have it in any case."""
    alarm = await desk.session.get(Alarm, number)
    if alarm is None:
        return
    alarm.told_at = desk.now
    for person in desk.office.alarm_people:
        if person in desk.roster.people:
            desk.tell(person, "alarm", key=f"alarm:{alarm.id}:{person}", detail=alarm.detail)
