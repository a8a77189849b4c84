/**
 * The simulator's page: who I am, which conversations I have, and what is said in them.
 *
 *   #person/room in the address -> route -> become -> follow the stream -> sync -> hear -> list and log
 *
 * The stream tells of new and changed messages; whenever it (re)opens everything is read again, since an edit may have
 * been missed. sim-message.js makes what is seen, sim-composer.js is the input bar, sim-clock.js the time.
 */

import { minutesBetween, setClock, stamp, startClock } from './sim-clock.js';
import { startComposer } from './sim-composer.js';
import { BOT, el, face, messageNode, rowParts } from './sim-message.js';

const PAGE = 500; // the most that one answer lists
const GAP = 5; // minutes of silence before the time is written
const AGAIN = 3000;
const get = (id) => document.getElementById(id);
const log = get('log');
const wide = () => matchMedia('(min-width: 701px)').matches;
const address = (...parts) => '#' + parts.filter(Boolean).map(encodeURIComponent).join('/');
const seen = {}; // person/conversation -> the newest message looked at
let world = { rooms: [], people: [] };
let me, open, stream, toastTimer;
let chats = {}; // key -> {key, name, people (null: private), row, messages: id -> message, ascending}
let stuck = true; // the log stays at the newest message unless somebody scrolled up

const person = (id) => world.people.find((p) => p.id === id) ?? { id, name: id === BOT ? '收到助手' : id, roles: [] };
const listed = (chat) => [...chat.messages.values()];

function toast(words) {
  Object.assign(get('toast'), { textContent: words, hidden: false });
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (get('toast').hidden = true), 5000);
}

/** GET, or POST when there is a body; throws an Error whose message can be shown. */
async function api(path, body) {
  const post = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`/sim/api/${path}`, post).catch(() => {
    throw new Error('连不上演示服务器，请看看它是否还在运行');
  });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || `服务器没有接受（${answer.status}）`);
  return data;
}

// ---- what is said: the stream, and reading all of it again ----

function hear(message) {
  const chat = chats[message.room ?? 'private'];
  if (!chat) return;
  chat.heard.add(message.id);
  const known = chat.messages.has(message.id);
  const before = listed(chat).at(-1);
  chat.messages.set(message.id, message);
  const late = before?.id > message.id;
  if (late) chat.messages = new Map([...chat.messages].sort(([a], [b]) => a - b));
  if (chat === open) {
    if (known) nodeOf(message.id)?.replaceWith(messageNode(message, view));
    else if (before && !late) place(message, before);
    else drawLog();
    if (stuck || (!known && message.from === me.id)) toBottom();
    else if (!known) get('newer').hidden = false;
  }
  drawList();
}

async function sync() {
  const who = me.id;
  setClock((await api('state')).now);
  for (const chat of Object.values(chats)) {
    chat.heard = new Set();
    const found = [];
    for (let page; !page || page.length === PAGE; found.push(...page)) {
      page = await api(`messages?${new URLSearchParams({ as: who, room: chat.key, after: found.at(-1)?.id ?? 0 })}`);
    }
    if (who !== me.id) return;
    // What the stream said meanwhile is newer than what was read.
    const newer = [...chat.heard].map((id) => chat.messages.get(id));
    const all = [...found, ...newer].map((m) => [m.id, m]);
    chat.messages = new Map([...new Map(all)].sort(([a], [b]) => a - b));
    if (chat === open) drawLog();
  }
  drawList();
  log.ariaBusy = false;
}

function connect() {
  stream?.close();
  log.ariaBusy = true; // until all is read again
  const source = (stream = new EventSource(`/sim/api/stream?${new URLSearchParams({ as: me.id })}`));
  const tell = (event) => source === stream && hear(JSON.parse(event.data));
  source.addEventListener('message', tell);
  source.addEventListener('edit', tell);
  source.onopen = () => {
    get('offline').hidden = true;
    sync().catch((error) => toast(error.message));
  };
  source.onerror = () => {
    get('offline').hidden = false;
    // The browser reconnects by itself, except after an answer that is no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => source === stream && connect(), AGAIN);
  };
}

// ---- what is seen: the list of conversations and the open one ----

const nodeOf = (id) => log.querySelector(`[data-id="${id}"]`);

function toBottom() {
  log.scrollTop = log.scrollHeight;
  stuck = true;
  get('newer').hidden = true;
}

function place(message, before) {
  if (!before || minutesBetween(before.time, message.time) > GAP) {
    log.append(el('time', { class: 'gap' }, stamp(message.time)));
  }
  log.append(messageNode(message, view));
}

function drawLog() {
  const top = log.scrollTop;
  const messages = listed(open);
  log.replaceChildren(...(messages.length ? [] : [el('p', { class: 'empty' }, '还没有消息。点下面的常用语试试。')]));
  messages.forEach((message, n) => place(message, messages[n - 1]));
  if (stuck) toBottom();
  else log.scrollTop = top;
}

/** The rows themselves stay, so that one pressed or focused just now is not lost. */
function drawList() {
  for (const chat of Object.values(chats)) {
    const key = `${me.id}/${chat.key}`;
    const last = listed(chat).at(-1);
    if (chat === open && last) seen[key] = last.id;
    const unread = listed(chat).filter((m) => m.id > (seen[key] ?? 0) && m.from !== me.id);
    const called = unread.some((m) => m.mentions.includes('@all') || m.mentions.includes(me.id));
    const time = last && stamp(last.time, true);
    chat.row.replaceChildren(...rowParts({ ...chat, last, unread: unread.length, called, time }, view));
    chat.row.ariaCurrent = chat === open ? 'page' : null;
  }
}

// ---- who I am, and where ----

function fillPeople() {
  const groups = {};
  for (const p of world.people) {
    const room = world.rooms.find((r) => r.people.includes(p.id));
    (groups[p.unit ? (room?.name ?? '其他') : '办公室'] ??= []).push(p);
  }
  const said = ({ name, unit }) => (unit && !name.includes(unit) ? `${name} · ${unit}` : name);
  const option = (p) => el('option', { value: p.id }, said(p));
  const group = ([label, people]) => el('optgroup', { label }, ...people.map(option));
  get('person').replaceChildren(...Object.entries(groups).map(group));
}

function become(who) {
  me = who;
  open = undefined;
  const rooms = world.rooms.filter((room) => room.people.includes(who.id));
  const mine = [...rooms, { id: 'private', name: '收到助手', people: null }];
  const row = (key) => el('a', { class: 'row', href: address(who.id, key), 'data-testid': `room-${key}` });
  const empty = () => ({ messages: new Map(), heard: new Set() });
  const chat = ({ id: key, name, people }) => [key, { key, name, people, row: row(key), ...empty() }];
  chats = Object.fromEntries(mine.map(chat));
  get('list').replaceChildren(...Object.values(chats).map((one) => one.row));
  get('person').value = who.id;
  get('my-face').replaceChildren(face(who));
  connect();
}

function enter(chat) {
  open = chat;
  document.body.classList.toggle('in-chat', Boolean(chat));
  get('chat').hidden = !chat;
  get('back').href = address(me.id);
  drawList();
  if (!chat) return;
  const aside = chat.people ? el('span', {}, `（${chat.people.length + 1}）`) : el('span', { class: 'tag' }, '机器人');
  get('title').replaceChildren(chat.name, aside);
  composer.open(me, chat.people ? chat.key : null);
  stuck = true;
  drawLog();
}

function route() {
  const [id, key] = location.hash.slice(1).split('/');
  const who = world.people.find((p) => address(p.id) === '#' + id);
  if (!who) {
    const first = world.people.find((p) => p.id === 'clerk') ?? world.people[0];
    location.replace(address(first.id, wide() && 'private'));
    return;
  }
  if (me !== who) become(who);
  if (chats[key] !== open || !open) enter(chats[key]);
}

// ---- the parts, and how they are wired ----

const view = {
  person,
  get me() {
    return me.id;
  },
  get group() {
    return Boolean(open?.people);
  },
  find: (id) => open?.messages.get(id),
  onQuote: (m) => composer.quote(m, person(m.from).name),
  onSeek: (id) => nodeOf(id)?.scrollIntoView({ block: 'center' }),
  onZoom(url) {
    get('zoom').firstElementChild.src = url;
    get('zoom').showModal();
  },
  async onPress(m, key, button) {
    button.disabled = true;
    await api('clicks', { from: me.id, message: m.id, key }).catch((error) => toast(error.message));
    button.disabled = false;
  },
};

const composer = startComposer({ toast, post: (body) => api('messages', body) });

startClock(async (body) => {
  try {
    setClock((await api('clock', body)).now);
  } catch (error) {
    toast(error.message);
  }
  if (open) drawLog();
  drawList();
});

get('person').onchange = (e) => {
  const stays = open && (!open.people || open.people.includes(e.target.value));
  location.hash = address(e.target.value, open && (stays ? open.key : 'private'));
};
get('zoom').onclick = () => get('zoom').close();
get('newer').onclick = toBottom;
log.onscroll = () => {
  stuck = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  if (stuck) get('newer').hidden = true;
};
// The keyboard of a phone or a growing input bar must not cover the newest message.
new ResizeObserver(() => stuck && toBottom()).observe(log);
addEventListener('hashchange', route);
// A browser opens six connections to one server: a tab that nobody looks at gives its own back.
document.addEventListener('visibilitychange', () => me && (document.hidden ? stream.close() : connect()));

async function start() {
  try {
    world = await api('state');
    setClock(world.now);
    fillPeople();
    route();
  } catch (error) {
    toast(error.message);
    setTimeout(start, AGAIN);
  }
}
start();
