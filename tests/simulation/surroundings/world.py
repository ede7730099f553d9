from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from itertools import count
from random import Random

from sqlalchemy import Engine, func, select

from services.alerts.delivery.channels.pool import SendJob
from services.alerts.delivery.digest import Presentation
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.delivery.queue import LONGEST_WAIT
from services.alerts.engine import Engine as AlertEngine
from services.runtime.consumers import make_consumers
from services.runtime.embedded.event_dispatcher import EventDispatcher
from services.storage.feeds import add_feed
from services.storage.tables import alerts, cases, deliveries
from tests.simulation.judging.history import Record, What
from tests.simulation.surroundings.channels import DEADLINE, Acted, Channels, Look, VirtualPool, seconds
from tests.simulation.surroundings.crashes import Crashes, KilledError
from tests.simulation.surroundings.people import Answer, answers, carry_out
from tests.simulation.surroundings.plan import COUNCILS, OPERATOR, PROVIDERS, Act, Kind, Plan, contacts_of
from tests.simulation.surroundings.rules import CHOICES, as_policy, contact_named
from tests.support.clock import FrozenClock
from tests.support.contacts import set_verified_policy
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, tell_everything_again

# The service looks at least so often, and no two looks are closer, in seconds.
SELDOM, OFTEN, TROUBLED = 6 * 3_600, 5, 3_600
# After so many failures in a row the looks are so many seconds apart, unless a case is due.
MANY, A_WHILE = 20, 240
# A person or feed that found the service down tries again after so many seconds.
AGAIN = 900
_FEEDS = frozenset({Kind.ENTRY, Kind.NOTICE, Kind.POLICY})
# When a case, a look at an alert and a first attempt are due, and when an attempt after one that failed.
_DUE = select(
    select(func.min(cases.c.due_at)).scalar_subquery(),
    select(func.min(alerts.c.check_at)).scalar_subquery(),
    select(func.min(deliveries.c.due_at)).where(deliveries.c.attempts == 0).scalar_subquery(),
    select(func.min(deliveries.c.due_at)).where(deliveries.c.attempts > 0).scalar_subquery(),
)


class World:
    def __init__(self, plan: Plan, engine: Engine) -> None:
        self.plan, self.now, self.skew = plan, plan.start, timedelta()
        self.record = Record()
        self.crashes = Crashes(engine)
        self.channels = Channels(plan.seed, self.record, lambda until: self._at(until, self._channel_mended))
        self.deployment = Deployment(engine, FrozenClock(plan.start), plan.seed)
        self.fallback = (contact_named(OPERATOR),)
        self._waiting: list[tuple[datetime, int, Acted, Look]] = []
        self._numbers = count()
        self._references: dict[str, str] = {}
        self._down_until = self._looked_at = plan.start
        self._look_by = self._mended_at = plan.start
        self._seconds_down = 60
        for kind, feeds in (("council", COUNCILS), ("provider", PROVIDERS)):
            for code, name in feeds.items():
                add_feed(self.deployment.store, kind, code, name)  # type: ignore[arg-type]
        self.start_process()

    def start_process(self) -> None:
        made = self.deployment
        made.consumers = make_consumers(made.ruleset)
        made.event_dispatcher = EventDispatcher(made.store, made.consumers)
        made.engine = AlertEngine(made.store, made.ruleset, self.fallback, watches_silence=False)
        self.pool = VirtualPool(
            self.channels, self.crashes, self.record, lambda: self.now, self.later, self._message_arrived
        )
        presentation = Presentation("https://pullcord.example", timedelta(days=30))
        made.dispatcher = Dispatcher(made.store, self.pool, presentation, patience=0.0)  # type: ignore[arg-type]

    def play(self) -> Record:
        for act in self.plan.acts:
            look = Look.AT_ONCE if act.kind in _FEEDS else Look.EVERYTHING
            self._at(act.at, lambda act=act: self._perform(act), look)  # type: ignore[misc]
        while self._waiting or self.now < self.plan.end:
            wakes = self._next_look()
            at = min(wakes, self._waiting[0][0]) if self._waiting else wakes
            if at > self.plan.end:
                break
            self._set_time(at)
            look = Look.EVERYTHING if at == wakes else Look.NOTHING
            while self._waiting and self._waiting[0][0] <= self.now:
                _, _, acted, needed = heapq.heappop(self._waiting)
                acted()
                look = max(look, needed)
            if self.up and look is not Look.NOTHING:
                self._look_if_time(look, due=at == wakes)
        return self.record

    def _look_if_time(self, look: Look, *, due: bool) -> None:
        # While channels keep failing, answers and acts wait a little for the next look. What feeds send does not wait:
        # the message about it may have to go out before the night.
        soon = self._looked_at + seconds(A_WHILE)
        if not due and look is not Look.AT_ONCE and self.pool.failures >= MANY and self._mended_at < self.now < soon:
            self._look_by = min(self._look_by, soon)
        elif look is Look.OUTCOMES:
            self._guarded(self._send_messages)
        else:
            self._look()

    @property
    def up(self) -> bool:
        return self.now >= self._down_until

    def later(self, after: float, acted: Acted, look: Look = Look.EVERYTHING) -> None:
        self._at(self.now + seconds(after), acted, look)

    def _at(self, moment: datetime, acted: Acted, look: Look = Look.EVERYTHING) -> None:
        heapq.heappush(self._waiting, (moment, next(self._numbers), acted, look))

    def _set_time(self, moment: datetime) -> None:
        self.now = max(self.now, moment)
        self.deployment.clock.set(self.now + self.skew)

    def _next_look(self) -> datetime:
        with self.deployment.store.reading() as connection:
            *times, again = connection.execute(_DUE).one()
        # A channel that keeps failing is tried more seldom than in truth. That saves time and hides nothing, as every
        # message is tried once when the fault of a channel is over, also if an attempt ran at that moment.
        seldom = self._looked_at >= self._mended_at + seconds(DEADLINE + LONGEST_WAIT)
        pace = min(TROUBLED, OFTEN * 2 ** min(self.pool.failures, 10)) if seldom else OFTEN
        looks = [self._look_by]
        looks += [max(due - self.skew, self._looked_at + seconds(OFTEN)) for due in times if due]
        looks += [max(again - self.skew, self._looked_at + seconds(pace))] if again else []
        return max(min(looks), self._down_until)

    def _look(self) -> None:
        self._looked_at, self._look_by = self.now, self.now + seconds(SELDOM)
        self._guarded(self._work)

    def _work(self) -> None:
        made = self.deployment
        made.settle()
        while made.engine.run_due():
            made.settle()
        self._send_messages()
        self._note_cases()

    def _send_messages(self) -> None:
        while self.deployment.dispatcher.run_due():
            self.deployment.settle()

    def _guarded(self, work: Acted) -> bool:
        """Do the work. Return False if a simulated crash ended the process."""
        try:
            work()
        except KilledError as killed:
            self.record.note(self.now, What.KILLED, str(killed))
            self._go_down(seconds(self._seconds_down))
            return False
        return True

    def _go_down(self, by: timedelta) -> None:
        # Jobs end with their process, and their outcome is lost.
        self.pool.close(0)
        self.start_process()
        self._down_until = max(self._down_until, self.now + by)
        self.record.note(self.now, What.DOWN, until=self._down_until)
        # A service that starts looks at once.
        self._at(self._down_until, lambda: None)

    def _note_cases(self) -> None:
        with self.deployment.store.reading() as connection:
            known = connection.scalar(select(func.count()).select_from(cases))
        if known == len(self._references):
            return
        for entry, case in cases_by_entry(self.deployment).items():
            if case.reference not in self._references:
                self._references[case.reference] = entry
                self.record.note(self.now, What.CASE, entry, reference=case.reference)

    def _perform(self, act: Act) -> None:
        performs = {
            Kind.ENTRY: self._send,
            Kind.NOTICE: self._send,
            Kind.POLICY: self._send,
            Kind.CRASH: self._crash,
            Kind.CLOCK: self._clock,
            Kind.OUTAGE: lambda one: self._go_down(timedelta(hours=one.facts["hours"])),
            Kind.REPLAY: lambda one: self._replay(),
            Kind.CHANNEL: self._channel,
        }
        performs[act.kind](act)

    def _crash(self, act: Act) -> None:
        self.crashes.armed, self._seconds_down = act.about, act.facts["seconds"]

    def _clock(self, act: Act) -> None:
        until = self.now + timedelta(hours=act.facts["hours"])
        self.skew = seconds(act.facts["seconds"])
        self.record.note(self.now, What.CLOCK, seconds=act.facts["seconds"], until=until)
        self._at(until, self._mend_clock)
        self._set_time(self.now)

    def _mend_clock(self) -> None:
        self.skew = timedelta()
        self._set_time(self.now)

    def _replay(self) -> None:
        self.record.note(self.now, What.REPLAY)
        armed, self.crashes.armed = self.crashes.armed, None
        tell_everything_again(self.deployment)
        self.crashes.armed = armed

    def _channel(self, act: Act) -> None:
        if act.about:
            self.channels.fail(act, (act.about,), self.now)
        else:
            self.channels.waiting.append(act)

    def _channel_mended(self) -> None:
        self._mended_at = self.now

    def _send(self, act: Act) -> None:
        send = {Kind.ENTRY: self._entry, Kind.NOTICE: self._notice, Kind.POLICY: self._policy}[act.kind]
        if not self.up or self.skew or not self._guarded(lambda: send(act)):
            self.later(AGAIN, lambda: self._send(act), Look.AT_ONCE)

    def _entry(self, act: Act) -> None:
        council = act.about.partition("/")[0]
        status = "ended" if act.facts["ended"] else "active"
        row = {"entry_id": act.about, "cli": self._line_of(act.about), "service_status": status}
        self.deployment.put_entries(row | {"updated_at": _stamp(self.now)}, feed=f"council:{council}")
        self.record.note(self.now, What.ENTRY, act.about, ended=act.facts["ended"])

    def _notice(self, act: Act) -> None:
        facts = act.facts
        row = {"id": f"{facts['provider']} {act.about}", "cli": self._line_of(act.about), "status": facts["status"]}
        row |= {"planned_migration_date": str(facts["planned"]), "issued_at": _stamp(self.now)}
        row |= {"restriction_start_date": str(facts["restriction"])} if facts["restriction"] else {}
        receipt, _ = self.deployment.post_notices(row, feed=f"provider:{facts['provider']}")
        what = What.REFUSED if receipt.counts["rejected"] else What.NOTICE
        self.record.note(self.now, what, act.about, **facts)

    def _policy(self, act: Act) -> None:
        numbers = CHOICES[act.facts["choice"]]
        policy = as_policy(numbers, contacts_of(act.about))
        set_verified_policy(self.deployment.store, f"council:{act.about}", policy)
        self.record.note(self.now, What.POLICY, act.about, numbers=numbers)

    def _line_of(self, resident: str) -> str:
        return f"01632 960{100 + self.plan.residents.index(resident)}"

    def _message_arrived(self, contact: str, job: SendJob) -> None:
        self.record.note(self.now, What.ARRIVAL, contact, reference=job.reference)
        if contact == OPERATOR:
            return
        named = [case for case in self._references if case in job.message.text]
        for answer in answers(self.plan.tempers[contact], job.reference, named, self.plan.seed):
            self.later(answer.after, lambda answer=answer: self._answer(job.reference, answer))  # type: ignore[misc]

    def _answer(self, reference: str, answer: Answer) -> None:
        if not self.up or self.skew or not self._guarded(lambda: self._carry_out(reference, answer)):
            self.later(AGAIN, lambda: self._answer(reference, answer))

    def _carry_out(self, reference: str, answer: Answer) -> None:
        dice = Random(f"{self.plan.seed} act {reference}")
        done = carry_out(self.deployment.store, reference.partition(".")[0], answer, self.now, dice)
        for one in done:
            what, about = What.REFUSED if one.refused else What.ACT, self._references.get(one.case, one.case)
            self.record.note(self.now, what, about, event=one.event.value, until=one.until)


def _stamp(now: datetime) -> str:
    # Midnight would be read as a day without a time, and two versions of that day as a tie.
    at_midnight = now.minute == now.second == now.microsecond == 0
    return (now + timedelta(seconds=1) if at_midnight else now).isoformat()
