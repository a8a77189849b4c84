/**
 * The simulator's page: who I am, which conversations I have, and what is said in them.
 *
 *   #person/room in the address -> route -> become -> follow the stream -> sync -> store -> rows and log
 *
 * The stream tells of new and changed messages; whenever it (re)opens everything is read again, since an edit may have
 * been missed. sim-server.js talks, sim-log.js shows the open conversation, sim-render.js makes the elements.
 */

import { now, setClock, stamp, startClock } from './sim-clock.js';
import { hint, startComposer } from './sim-composer.js';
import { startLog } from './sim-log.js';
import { BOT, el, face, isOffice, roleNames, rowNode } from './sim-render.js';
import { api, follow, read } from './sim-server.js';

const get = (id) => document.getElementById(id);
const wide = () => matchMedia('(min-width: 701px)').matches;
let world = { rooms: [], people: [] };
let people = new Map();
let me = null;
let chats = new Map(); // key -> {key, name, people (null: private), messages (ascending), byId}
let open = null;
let stream = null;
let heardInSync = null;

// ---- what goes wrong is said ----

let toastTimer = 0;
function toast(words) {
  Object.assign(get('toast'), { textContent: words, hidden: false });
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    get('toast').hidden = true;
  }, 5000);
}

const complain = (work) => work.catch((error) => toast(error.message));

// ---- what is known ----

const person = (id) => people.get(id) ?? { id, name: id === BOT ? '收到助手' : id, unit: '', roles: [] };
const find = (id) => [...chats.values()].map((chat) => chat.byId.get(id)).find(Boolean);
const address = (id, key) => '#' + [id, key].filter(Boolean).map(encodeURIComponent).join('/');

/** Puts a message where it belongs and says what it is there: 'newest', 'changed' or 'between'. */
function store(chat, message) {
  const last = chat.messages.at(-1);
  const known = chat.byId.has(message.id);
  chat.byId.set(message.id, message);
  if (known) {
    chat.messages[chat.messages.findIndex((m) => m.id === message.id)] = message;
    return 'changed';
  }
  chat.messages.push(message);
  if (!last || last.id < message.id) return 'newest';
  chat.messages.sort((a, b) => a.id - b.id);
  return 'between';
}

function hear(message) {
  const chat = chats.get(message.room ?? 'private');
  if (!chat) return;
  heardInSync?.add(message.id);
  if (Date.parse(message.time) > now()) tick(message.time);
  const what = store(chat, message);
  if (chat === open) {
    if (what === 'newest') log.append(chat.messages);
    else if (what === 'changed') log.replace(message);
    else log.draw(chat.messages);
  }
  drawSoon();
}

async function sync() {
  const heard = (heardInSync = new Set());
  tick((await api('state')).now);
  for (const chat of chats.values()) {
    const found = await read(me.id, chat.key);
    if (heardInSync !== heard) return;
    // What the stream said meanwhile is newer than what was read.
    const newer = chat.messages.filter((m) => heard.has(m.id));
    Object.assign(chat, { messages: [], byId: new Map() });
    [...found, ...newer].forEach((m) => store(chat, m));
    if (chat === open) log.draw(chat.messages);
    drawSoon();
  }
  heardInSync = null;
}

function connect() {
  stream?.close();
  heardInSync = null;
  stream = follow(me.id, {
    onMessage: hear,
    onDown: () => {
      get('offline').hidden = false;
    },
    onOpen: () => {
      get('offline').hidden = true;
      complain(sync());
    },
  });
}

// ---- the list of conversations ----

function unreadOf(chat) {
  const key = `read:${me.id}/${chat.key}`;
  const last = chat.messages.at(-1)?.id ?? 0;
  if (chat === open && !document.hidden && last) sessionStorage.setItem(key, last);
  const read = Number(sessionStorage.getItem(key) ?? 0);
  const seen = read > last ? 0 : read; // ids start anew when the demo does
  return chat.messages.filter((m) => m.id > seen && m.from !== me.id);
}

function row(chat, unread) {
  const last = chat.messages.at(-1);
  const facts = {
    last,
    unread: unread.length,
    called: unread.some((m) => m.mentions.includes('@all') || m.mentions.includes(me.id)),
    href: address(me.id, chat.key),
    open: chat === open,
    time: last ? stamp(last.time, true) : '',
  };
  return rowNode({ ...chat, ...facts }, view);
}

function drawRows() {
  const unread = new Map([...chats.values()].map((chat) => [chat, unreadOf(chat)]));
  const total = [...unread.values()].flat().length;
  const focused = document.activeElement?.closest('.row')?.dataset.testid;
  get('list').replaceChildren(...[...unread].map(([chat, of]) => row(chat, of)));
  if (focused)
    get('list')
      .querySelector(`[data-testid="${CSS.escape(focused)}"]`)
      ?.focus();
  get('back-count').textContent = total || '';
  document.title = `${total ? `(${total}) ` : ''}${open ? open.name : '收到助手'} · 演示`;
}

let waiting = false;
function drawSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawRows();
  });
}

// ---- who and where ----

function fillPeople() {
  const groups = new Map();
  for (const p of world.people) {
    const room = world.rooms.find((r) => r.people.includes(p.id));
    const group = isOffice(p) ? '办公室' : (room?.name.replace(/群$/, '') ?? '其他');
    const role = roleNames(p);
    const parts = [p.name, p.name.includes(p.unit) ? '' : p.unit, p.name.includes(role) ? '' : role];
    const option = el('option', { value: p.id }, parts.filter(Boolean).join(' · '));
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  get('person').replaceChildren(...[...groups].map(([label, options]) => el('optgroup', { label }, ...options)));
}

function become(who) {
  me = who;
  open = null;
  const mine = world.rooms.filter((room) => room.people.includes(who.id));
  const all = [...mine, { id: 'private', name: '收到助手', people: null }];
  chats = new Map(all.map((r) => [r.id, { key: r.id, name: r.name, people: r.people, messages: [], byId: new Map() }]));
  get('person').value = who.id;
  get('roles').textContent = roleNames(who);
  get('my-face').replaceChildren(face(who));
  connect();
}

function enter(chat) {
  open = chat;
  document.body.classList.toggle('in-chat', Boolean(chat));
  get('chat').hidden = !chat;
  get('back').href = address(me.id);
  if (chat) {
    const aside = chat.people
      ? el('span', {}, `（${chat.people.length + 1}）`)
      : el('span', { class: 'tag' }, '机器人');
    get('title').replaceChildren(chat.name, aside);
    composer.open(me, chat.people ? chat.key : null);
    log.draw(chat.messages, true);
    if (wide() && document.activeElement !== get('person')) get('input').focus();
  }
  drawRows();
}

function route() {
  let id, key;
  try {
    [id, key] = location.hash.slice(1).split('/').map(decodeURIComponent);
  } catch {
    id = '';
  }
  if (!people.has(id)) {
    const first = people.get('clerk') ?? world.people[0];
    const room = world.rooms.find((r) => r.people.includes(first.id))?.id ?? 'private';
    location.replace(address(first.id, wide() ? room : null));
    return;
  }
  if (me?.id !== id) become(people.get(id));
  const chat = chats.get(key) ?? null;
  if (chat !== open || !chat) enter(chat);
}

// ---- the parts, and how they are wired ----

const view = {
  person,
  find,
  get me() {
    return me.id;
  },
  get group() {
    return Boolean(open?.people);
  },
  hint: () => hint(me, Boolean(open.people)),
  onQuote: (m) => composer.quote(m, person(m.from).name),
  onSeek: (id) => log.seek(id),
  onZoom(url) {
    get('zoom').querySelector('img').src = url;
    get('zoom').showModal();
  },
  async onPress(m, key, button) {
    button.disabled = true;
    await complain(api('clicks', { from: me.id, message: m.id, key }));
    button.disabled = false;
  },
};

const log = startLog(view);

const composer = startComposer({
  toast,
  async post(body) {
    const chat = chats.get(body.room ?? 'private');
    const sent = await api('messages', body);
    if (chat.byId.has(sent.id)) return;
    // The stream has not brought it, and while it is down it will not.
    const missed = await read(body.from, chat.key, chat.messages.at(-1)?.id).catch(() => []);
    if (chats.get(chat.key) === chat) missed.filter((m) => !chat.byId.has(m.id)).forEach(hear);
  },
});

const showClock = startClock(async (body) => {
  const answer = await complain(api('clock', body));
  if (!answer) return;
  tick(answer.now);
  if (open) log.draw(open.messages);
  drawSoon();
});

function tick(iso) {
  setClock(iso);
  showClock();
}

get('person').onchange = (e) => {
  const id = e.target.value;
  const room = world.rooms.find((r) => r.id === open?.key);
  const stays = open && (!room || room.people.includes(id));
  location.hash = address(id, open && (stays ? open.key : 'private'));
};
get('zoom').onclick = () => get('zoom').close();
addEventListener('hashchange', route);
// A browser opens six connections to one server: a tab that nobody looks at gives its own back.
document.addEventListener('visibilitychange', () => {
  if (!me) return;
  if (document.hidden) stream.close();
  else connect();
});

async function start() {
  world = await api('state');
  people = new Map(world.people.map((p) => [p.id, p]));
  tick(world.now);
  fillPeople();
  route();
}

const begin = () =>
  start().catch((error) => {
    toast(error.message);
    setTimeout(begin, 3000);
  });
begin();
