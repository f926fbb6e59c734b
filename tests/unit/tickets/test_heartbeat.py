"""The heartbeat job: there once, every minute, in the reactor's own thread."""

from datetime import timedelta
from threading import get_ident

from tests.support.threadless import ThreadlessReactor
from tests.support.tickets import TicketDesk
from tickets.events import DeadlineBreached
from tickets.heartbeat import EVERY_SECONDS, JOB, keep_beating, scheduler_on


def test_a_beat_wakes_the_deadlines_in_the_reactor_thread() -> None:
    desk = TicketDesk()
    desk.escalation.start()
    desk.register()
    for call in desk.clock.getDelayedCalls():
        call.cancel()
    desk.advance(hours=2)
    threads: list[int] = []
    desk.bus.subscribe(DeadlineBreached, lambda _: threads.append(get_ident()))
    scheduler = scheduler_on(ThreadlessReactor())
    scheduler.start()
    keep_beating(scheduler, desk.escalation.wake)
    keep_beating(scheduler, desk.escalation.wake)
    (job,) = scheduler.get_jobs()
    assert (job.id, job.trigger.interval.total_seconds()) == (JOB, EVERY_SECONDS)
    job.modify(next_run_time=job.next_run_time - timedelta(minutes=3))
    scheduler.wakeup()
    assert threads == [get_ident()]
    scheduler.shutdown()
