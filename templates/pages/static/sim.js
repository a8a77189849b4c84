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
import { BOT, el, face, messageNode, rowNode } from './sim-message.js';

const PAGE = 500; // the most that one answer lists
const GAP = 5; // minutes of silence before the time is written
const AGAIN = 3000;
const get = (id) => document.getElementById(id);
const wide = () => matchMedia('(min-width: 701px)').matches;
const address = (...parts) => '#' + parts.filter(Boolean).map(encodeURIComponent).join('/');
const seen = {}; // person/conversation -> the newest message looked at
let world = { rooms: [], people: [] };
let me, open, stream, toastTimer;
let chats = {}; // key -> {key, name, people (null: private), messages: id -> message, ascending}
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
  if (chat === open) {
    if (known) nodeOf(message.id)?.replaceWith(messageNode(message, view));
    else if (before && before.id < message.id) place(message, before);
    else drawLog();
    if (stuck || (!known && message.from === me.id)) toBottom();
    else if (!known) get('newer').hidden = false;
  }
  drawList();
}

async function sync() {
  setClock((await api('state')).now);
  for (const chat of Object.values(chats)) {
    chat.heard = new Set();
    const found = [];
    for (let page; !page || page.length === PAGE; found.push(...page)) {
      page = await api(`messages?${new URLSearchParams({ as: me.id, room: chat.key, after: found.at(-1)?.id ?? 0 })}`);
    }
    // What the stream said meanwhile is newer than what was read.
    const newer = [...chat.heard].map((id) => chat.messages.get(id));
    const all = [...found.filter((m) => !chat.heard.has(m.id)), ...newer].sort((a, b) => a.id - b.id);
    chat.messages = new Map(all.map((m) => [m.id, m]));
    if (chat === open) drawLog();
  }
  drawList();
}

function connect() {
  stream?.close();
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

const log = get('log');
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

function row(chat) {
  const key = `${me.id}/${chat.key}`;
  const last = listed(chat).at(-1);
  if (chat === open && last) seen[key] = last.id;
  const unread = listed(chat).filter((m) => m.id > (seen[key] ?? 0) && m.from !== me.id);
  const called = unread.some((m) => m.mentions.includes('@all') || m.mentions.includes(me.id));
  const href = address(me.id, chat.key);
  return rowNode(
    { ...chat, last, unread: unread.length, called, href, open: chat === open, time: last ? stamp(last.time, true) : '' },
    view,
  );
}

const drawList = () => get('list').replaceChildren(...Object.values(chats).map(row));

// ---- who I am, and where ----

function fillPeople() {
  const groups = Map.groupBy(world.people, (p) =>
    p.unit ? (world.rooms.find((r) => r.people.includes(p.id))?.name.replace(/群$/, '') ?? '其他') : '办公室',
  );
  const option = (p) => el('option', { value: p.id }, p.unit && !p.name.includes(p.unit) ? `${p.name} · ${p.unit}` : p.name);
  const group = ([label, people]) => el('optgroup', { label }, ...people.map(option));
  get('person').replaceChildren(...[...groups].map(group));
}

function become(who) {
  me = who;
  open = undefined;
  const rooms = world.rooms.filter((room) => room.people.includes(who.id));
  const mine = [...rooms, { id: 'private', name: '收到助手', people: null }];
  const chat = ({ id, name, people }) => ({ key: id, name, people, messages: new Map(), heard: new Set() });
  chats = Object.fromEntries(mine.map((room) => [room.id, chat(room)]));
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
