/** The demo's clock: shown in the top bar, moved on by its buttons. All times are those of the office's wall. */

const HOUR = 3600e3;
const DAY = 24 * HOUR;
const get = (id) => document.getElementById(id);
const two = (n) => String(n).padStart(2, '0');
let base = 0;
let since = 0;
let zone = '';

/** Milliseconds whose UTC fields are the office's wall time: the server writes every time with the office's offset. */
const wall = (iso) => Date.parse(iso.slice(0, 19) + 'Z');
const now = () => base + performance.now() - since;
const dayOf = (ms) => Math.floor(ms / DAY);
const weekday = (date) => '星期' + '日一二三四五六'[date.getUTCDay()];
const monthDay = (date) => `${date.getUTCMonth() + 1}月${date.getUTCDate()}日`;
const hourMinute = (date) => `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;

export const minutesBetween = (early, late) => (wall(late) - wall(early)) / 60e3;

/** 16:02 · 昨天 16:02 · 星期三 16:02 · 11月18日 16:02, as a chat says it; `short` leaves the hour out where a day is named. */
export function stamp(iso, short = false) {
  const date = new Date(wall(iso));
  const age = dayOf(now()) - dayOf(wall(iso));
  if (age === 0) return hourMinute(date);
  const day = age === 1 ? '昨天' : age > 1 && age < 7 ? weekday(date) : monthDay(date);
  return short ? day : `${day} ${hourMinute(date)}`;
}

/** The next time that the wall shows this hour: [its day counted from today, ISO text]. */
function upcoming(hour, minute) {
  const today = dayOf(now()) * DAY + hour * HOUR + minute * 60e3;
  const at = today > now() ? today : today + DAY;
  return [at === today ? 0 : 1, new Date(at).toISOString().slice(0, 19) + zone];
}

function tick() {
  if (!zone) return;
  const date = new Date(now());
  get('clock').textContent = `${monthDay(date)} ${weekday(date)} ${hourMinute(date)}`;
  get('advance-morning').textContent = `快进到${['今', '明'][upcoming(8, 0)[0]]}早8点`;
  get('advance-evening').textContent = `快进到${['今天', '明天'][upcoming(17, 30)[0]]}17:30`;
}

export function setClock(iso) {
  [base, since, zone] = [wall(iso), performance.now(), iso.slice(19)];
  tick();
}

/** Wires the buttons; `advance(body)` asks the server and comes back when everything due on the way is done. */
export function startClock(advance) {
  const moves = {
    'advance-hour': () => ({ advance: 'PT1H' }),
    'advance-morning': () => ({ to: upcoming(8, 0)[1] }),
    'advance-evening': () => ({ to: upcoming(17, 30)[1] }),
  };
  const busy = (on) => {
    document.body.classList.toggle('forwarding', on);
    for (const id in moves) get(id).disabled = on;
  };
  for (const id in moves) {
    get(id).onclick = async () => {
      busy(true);
      await advance(moves[id]());
      busy(false);
    };
  }
  setInterval(tick, 1000);
}
