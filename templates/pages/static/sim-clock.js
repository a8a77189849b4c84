/** The simulated clock: shown in the top bar, moved on by three buttons. Everything is shown in the offset that the server sends. */

const HOUR = 3600e3,
  DAY = 24 * HOUR;
const WEEKDAYS = '日一二三四五六';
let base = 0,
  since = 0,
  offset = 0;

export const now = () => base + performance.now() - since;

export function setClock(iso) {
  const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)$/.exec(iso) ?? [0, '+', 0, 0];
  offset = (sign === '-' ? -1 : 1) * (hours * HOUR + minutes * 60e3);
  base = Date.parse(iso);
  since = performance.now();
}

/** A Date whose UTC fields read as the wall clock of the office. */
const wall = (ms) => new Date(ms + offset);
const two = (n) => String(n).padStart(2, '0');
const hhmm = (w) => `${two(w.getUTCHours())}:${two(w.getUTCMinutes())}`;
const dayOf = (ms) => Math.floor((ms + offset) / DAY);
const weekday = (w) => '星期' + WEEKDAYS[w.getUTCDay()];

/** 16:02 · 昨天 16:02 · 星期三 16:02 · 11月18日 16:02, as a chat says it; `short` leaves the hour out where a day is named. */
export function stamp(iso, short = false) {
  const ms = Date.parse(iso),
    w = wall(ms),
    age = dayOf(now()) - dayOf(ms);
  if (age === 0) return hhmm(w);
  const day = age === 1 ? '昨天' : age > 1 && age < 7 ? weekday(w) : `${w.getUTCMonth() + 1}月${w.getUTCDate()}日`;
  return short ? day : `${day} ${hhmm(w)}`;
}

export const today = () => dayOf(now());

/** The next time of day that is still to come: [0 today or 1 tomorrow, ISO text with the office's offset]. */
function next(hour, minute) {
  const w = wall(now()),
    passed = w.getUTCHours() * 60 + w.getUTCMinutes() >= hour * 60 + minute;
  const day = new Date(w.getTime() + (passed ? DAY : 0)).toISOString().slice(0, 10),
    east = Math.abs(offset);
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(east / HOUR))}:${two((east % HOUR) / 60e3)}`;
  return [passed ? 1 : 0, `${day}T${two(hour)}:${two(minute)}${zone}`];
}

/** Wires clock and buttons; `advance(body)` posts to the server and may take seconds. */
export function startClock(advance) {
  const [year, day] = document.querySelectorAll('#clock i, #clock b');
  const [hour, morning, evening] = ['hour', 'morning', 'evening'].map((name) =>
    document.getElementById(`advance-${name}`),
  );
  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  const tick = () => {
    if (!base) return;
    const w = wall(now());
    write(year, `${w.getUTCFullYear()}年`);
    write(day, `${w.getUTCMonth() + 1}月${w.getUTCDate()}日 ${weekday(w)} ${hhmm(w)}`);
    write(morning, `快进到${next(8, 0)[0] ? '明早' : '今早'}8点`);
    write(evening, `快进到${next(17, 30)[0] ? '明天' : '今天'}17:30`);
  };
  const press = async (body) => {
    const buttons = [hour, morning, evening];
    document.body.classList.add('forwarding');
    buttons.forEach((b) => {
      b.disabled = true;
    });
    await advance(body);
    document.body.classList.remove('forwarding');
    buttons.forEach((b) => {
      b.disabled = false;
    });
    tick();
  };
  hour.onclick = () => press({ advance: 'PT1H' });
  morning.onclick = () => press({ to: next(8, 0)[1] });
  evening.onclick = () => press({ to: next(17, 30)[1] });
  setInterval(tick, 1000);
  return tick;
}
