/** From a message to what is seen. Words are only ever text nodes: nothing that a person typed becomes markup, a link or a mention. */

export const BOT = 'bot';
const ROLES = {
  clerk: '经办',
  head: '主任',
  lead_officer: '线索专员',
  auditor: '审计',
  admin: '管理员',
  liaison: '联络员',
};

/** An element; children are nodes or strings, empty ones are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== ''));
  return node;
}

const press = (attributes, onclick, ...children) => {
  const button = el('button', { type: 'button', ...attributes }, ...children);
  button.onclick = onclick;
  return button;
};

export const isOffice = ({ roles }) =>
  ['clerk', 'head', 'admin', 'lead_officer', 'auditor'].some((r) => roles.includes(r));
export const roleNames = (person) => person.roles.map((role) => ROLES[role] ?? role).join('、');

/** Two characters for a face: 市公安局联络员 → 公安, 线索专员一 → 线索, 王小明 → 小明. */
function initials({ name }) {
  const unit = name.replace(/联络员$/, '').replace(/^市委?(?=..)/, '');
  return unit.length > 3 || unit !== name ? unit.slice(0, 2) : name.slice(-2);
}

export function face(person, letters = 2) {
  if (person.id === BOT) return el('span', { class: 'face is-bot', 'aria-hidden': 'true' });
  const hue = [...person.id].reduce((sum, letter) => sum * 7 + letter.charCodeAt(0), 0) % 8;
  return el('span', { class: `face hue-${hue}`, 'aria-hidden': 'true' }, initials(person).slice(0, letters));
}

/** The little mosaic that stands for a group. */
export const groupFace = (people) =>
  el('span', { class: 'face mosaic', 'aria-hidden': 'true' }, ...people.slice(0, 9).map((p) => face(p, 1)));

/** One line that stands for a message, for the list and for quotes. */
export const brief = (m) =>
  [m.text.replace(/\s+/g, ' ').trim().slice(0, 120), m.images.length ? '[图片]' : ''].filter(Boolean).join(' ');

/** Only declared mentions are lit; one that the text does not spell out is put in front. */
function mentionNames(m, view) {
  return m.mentions.map((id) => '@' + (id === '@all' ? '所有人' : view.person(id).name));
}

function lit(text, names) {
  if (!names.length) return [text];
  const any = new RegExp(`(${names.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`);
  return text.split(any).map((part) => (names.includes(part) ? el('span', { class: 'mention' }, part) : part));
}

const cells = (line) =>
  line.includes('|')
    ? line
        .trim()
        .replace(/^\||\|$/g, '')
        .split('|')
        .map((cell) => cell.trim())
    : [];

/** Runs of `a | b | c` lines of one width become a table, everything else stays text. */
function blocks(text, names) {
  const lines = text.split('\n'),
    made = [];
  let plain = [];
  const flush = () => {
    if (plain.length) made.push(el('div', { class: 'words' }, ...lit(plain.join('\n'), names)));
    plain = [];
  };
  for (let i = 0; i < lines.length;) {
    const width = cells(lines[i]).length;
    let end = i + 1;
    while (width > 1 && end < lines.length && cells(lines[end]).length === width) end += 1;
    if (end - i > 1) {
      while (plain.length && !plain.at(-1).trim()) plain.pop();
      flush();
      const rows = lines
        .slice(i, end)
        .map(cells)
        .filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)));
      made.push(
        el(
          'div',
          { class: 'sheet' },
          el('table', {}, ...rows.map((row, n) => el('tr', {}, ...row.map((cell) => el(n ? 'td' : 'th', {}, cell))))),
        ),
      );
      while (end < lines.length && !lines[end].trim()) end += 1;
    } else plain.push(lines[i]);
    i = end;
  }
  flush();
  return made;
}

function bubble(m, view) {
  const names = mentionNames(m, view);
  const text =
    names
      .filter((n) => !m.text.includes(n))
      .map((n) => n + ' ')
      .join('') + m.text;
  if (!text && !m.buttons.length) return null;
  const [first, ...rest] = text.split('\n');
  const titled = m.buttons.length && rest.length && [...first].length <= 24;
  const words =
    m.from !== BOT
      ? [el('div', { class: 'words' }, ...lit(text, names))]
      : titled
        ? [el('div', { class: 'words headline' }, ...lit(first, names)), ...blocks(rest.join('\n').trim(), names)]
        : blocks(text, names);
  const buttons = m.buttons.map((b) =>
    press(
      { class: 'answer', 'data-testid': `button-${b.key}`, 'data-key': b.key },
      (e) => view.onPress(m, b.key, e.currentTarget),
      b.text,
    ),
  );
  return el(
    'div',
    { class: `bubble${m.buttons.length ? ' card' : ''}`, 'data-testid': 'bubble' },
    ...words,
    buttons.length ? el('div', { class: 'answers' }, ...buttons) : null,
  );
}

function pictures(m, view) {
  if (!m.images.length) return null;
  return el(
    'div',
    { class: `pictures${m.images.length === 1 ? ' single' : ''}` },
    ...m.images.map((url, n) =>
      press(
        { class: 'picture', 'aria-label': `查看图片${n + 1}` },
        () => view.onZoom(url),
        el('img', { src: url, alt: `图片${n + 1}` }),
      ),
    ),
  );
}

function quoted(m, view) {
  if (m.quote === null || m.quote === undefined) return null;
  const source = view.find(m.quote);
  return press(
    { class: 'quoted' },
    () => view.onSeek(m.quote),
    el('span', {}, source ? `${view.person(source.from).name}：${brief(source)}` : '引用的消息已看不到'),
  );
}

function nameLine(m, view) {
  if (m.from === view.me || (!view.group && m.from !== BOT)) return null;
  const { name, unit } = view.person(m.from);
  return el(
    'div',
    { class: 'name' },
    name,
    m.from === BOT
      ? el('span', { class: 'tag' }, '机器人')
      : unit && !name.includes(unit)
        ? el('span', { class: 'unit' }, '@' + unit)
        : null,
  );
}

/**
 * One message as a row of the conversation.
 * `view`: {me, group, person(id), find(id), onPress(message, key, button), onQuote(message), onSeek(id), onZoom(url)}.
 */
export function messageNode(m, view) {
  const own = m.from === view.me;
  const quote = press(
    { class: 'plain quote', 'data-testid': `quote-${m.id}`, 'aria-label': '引用这条消息', title: '引用' },
    () => view.onQuote(m),
    '引用',
  );
  return el(
    'article',
    {
      class: `message${own ? ' own' : ''}`,
      'data-testid': 'message',
      'data-id': m.id,
      'data-from': m.from,
      'aria-label': own ? '我' : view.person(m.from).name,
    },
    face(view.person(m.from)),
    el(
      'div',
      { class: 'body' },
      nameLine(m, view),
      el('div', { class: 'said' }, el('div', { class: 'content' }, bubble(m, view), pictures(m, view)), quote),
      quoted(m, view),
    ),
  );
}

/** One conversation in the list. `chat`: {key, name, people, last, unread, called, href, open, time}. */
export function rowNode(chat, view) {
  const last = chat.last,
    speaker = last && chat.people && last.from !== view.me ? view.person(last.from).name + '：' : '';
  return el(
    'a',
    { class: 'row', href: chat.href, 'data-testid': `room-${chat.key}`, ...(chat.open && { 'aria-current': 'page' }) },
    chat.people ? groupFace(chat.people.map(view.person)) : face(view.person(BOT)),
    el('span', { class: 'row-name' }, chat.name, chat.people ? null : el('span', { class: 'tag' }, '机器人')),
    el('time', { class: 'row-time' }, chat.time),
    el(
      'span',
      { class: 'row-last' },
      chat.called ? el('span', { class: 'called' }, '[有人@我] ') : null,
      last ? speaker + brief(last) : '还没有消息',
    ),
    chat.unread
      ? el(
          'span',
          { class: 'badge', 'aria-label': `${chat.unread}条未读` },
          chat.unread > 99 ? '99+' : String(chat.unread),
        )
      : null,
  );
}
