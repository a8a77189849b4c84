/**
 * From a message to what is seen. Words are only ever text nodes: nothing that a person typed becomes markup, a link
 * or a mention.
 */

export const BOT = 'bot';
const BRIEF = 80;

/** An element; attributes that are functions are properties, and empty children are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

const button = (attributes, ...children) => el('button', { type: 'button', ...attributes }, ...children);

/** A coloured square with the two letters that tell one unit from another: 市公安局联络员 → 公安. */
export function face({ id, name }, letters = 2) {
  if (id === BOT) return el('span', { class: 'face is-bot', 'aria-hidden': 'true' });
  const hue = [...id].reduce((sum, letter) => sum * 7 + letter.charCodeAt(0), 0) % 8;
  const short = name.replace(/^市委?(?=..)/, '').slice(0, letters);
  return el('span', { class: `face hue-${hue}`, 'aria-hidden': 'true' }, short);
}

const groupFace = (people) => el('span', { class: 'face mosaic' }, ...people.slice(0, 9).map((p) => face(p, 1)));

/** One line that stands for a message, in the list and in quotes. */
export const brief = (m) => (m.text.replace(/\s+/g, ' ').slice(0, BRIEF) + (m.images.length ? ' [图片]' : '')).trim();

/** Only declared mentions are lit. */
function lit(text, names) {
  const mention = names.find((name) => text.includes(name));
  if (!mention) return [text];
  const at = text.indexOf(mention);
  return [
    ...lit(text.slice(0, at), names),
    el('span', { class: 'mention' }, mention),
    ...lit(text.slice(at + mention.length), names),
  ];
}

/** The bot's lines stand apart, a short first one is a title, and 「已签收 3/41」 is drawn as well as said. */
function botLines(m, names) {
  const lines = m.text.split('\n').filter((line) => line.trim());
  return lines.map((line, n) => {
    const count = /^已签收 (\d+)\/(\d+)/.exec(line);
    const kind = count ? ' count' : n === 0 && lines.length > 1 && line.length <= 24 ? ' title' : '';
    return el(
      'p',
      { class: 'line' + kind },
      ...lit(line, names),
      count && el('progress', { value: count[1], max: count[2], 'aria-hidden': 'true' }),
    );
  });
}

function bubble(m, view) {
  if (!m.text && !m.buttons.length) return null;
  const names = m.mentions.map((id) => '@' + (id === '@all' ? '所有人' : view.person(id).name));
  const answers = m.buttons.map(({ key, text }) => {
    const press = (e) => view.onPress(m, key, e.currentTarget);
    return button({ class: 'answer', 'data-testid': `button-${key}`, onclick: press }, text);
  });
  return el(
    'div',
    { class: answers.length ? 'bubble card' : 'bubble', 'data-testid': 'bubble' },
    ...(m.from === BOT ? botLines(m, names) : [m.text]),
    answers.length && el('div', { class: 'answers' }, ...answers),
  );
}

function pictures(m, view) {
  const zoom = (url) => () => view.onZoom(url);
  return el(
    'div',
    { class: m.images.length > 1 ? 'pictures' : 'pictures single' },
    ...m.images.map((url) => button({ class: 'picture', onclick: zoom(url) }, el('img', { src: url, alt: '图片' }))),
  );
}

function quoted(m, view) {
  const source = view.find(m.quote);
  const words = source ? `${view.person(source.from).name}：${brief(source)}` : '引用的消息已看不到';
  return button({ class: 'quoted', onclick: () => view.onSeek(m.quote) }, el('span', {}, words));
}

/**
 * One message as a row of the conversation.
 * `view`: {me, group, person(id), find(id), onPress(message, key, button), onQuote(message), onSeek(id), onZoom(url)}.
 */
export function messageNode(m, view) {
  const own = m.from === view.me;
  const author = view.person(m.from);
  const tag = m.from === BOT && el('span', { class: 'tag' }, '机器人');
  const quote = button({ class: 'plain quote', 'data-testid': `quote-${m.id}`, onclick: () => view.onQuote(m) }, '引用');
  return el(
    'article',
    { class: own ? 'message own' : 'message', 'data-testid': 'message', 'data-id': m.id, 'data-from': m.from },
    face(author),
    el(
      'div',
      { class: 'body' },
      view.group && !own && el('div', { class: 'name' }, author.name, tag),
      el('div', { class: 'said' }, bubble(m, view) ?? pictures(m, view), quote),
      m.text && m.images.length && pictures(m, view),
      m.quote && quoted(m, view),
    ),
  );
}

/** What a row of the list shows. `chat`: {name, people (null: private), last, unread, called, time}. */
export function rowParts({ name, people, last, unread, called, time }, view) {
  const speaker = last && people && last.from !== view.me ? view.person(last.from).name + '：' : '';
  return [
    people ? groupFace(people.map(view.person)) : face(view.person(BOT)),
    el('span', { class: 'row-name' }, name, !people && el('span', { class: 'tag' }, '机器人')),
    el('time', { class: 'row-time' }, time),
    el(
      'span',
      { class: 'row-last' },
      called && el('span', { class: 'called' }, '[有人@我] '),
      last ? speaker + brief(last) : '还没有消息',
    ),
    unread && el('span', { class: 'badge', 'aria-label': `${unread}条未读` }, unread > 99 ? '99+' : String(unread)),
  ].filter(Boolean);
}
