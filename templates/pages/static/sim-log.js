/** The open conversation: drawn whole once, then one message at a time; it stays at the newest unless somebody scrolled up. */

import { stamp, today } from './sim-clock.js';
import { brief, el, messageNode } from './sim-render.js';

const GAP = 5 * 60e3;

export function flash(node) {
  node.classList.remove('flash');
  requestAnimationFrame(() => node.classList.add('flash'));
}

/**
 * Wires the conversation pane. `view` is what `messageNode` asks for, and `hint()` for a conversation without a message.
 * Gives back {draw(messages, bottom), append(messages), replace(message), seek(id)}.
 */
export function startLog(view) {
  const log = document.getElementById('log');
  const newer = document.getElementById('newer');
  const heard = document.getElementById('heard');
  let stuck = true;
  let drawnOn = null;

  const nodeOf = (id) => log.querySelector(`[data-id="${CSS.escape(id)}"]`);

  const toBottom = () => {
    log.scrollTop = log.scrollHeight;
    stuck = true;
    newer.hidden = true;
  };

  const place = (message, before) => {
    const pause = before ? Date.parse(message.time) - Date.parse(before.time) : Infinity;
    if (pause > GAP) log.append(el('time', { class: 'gap', datetime: message.time }, stamp(message.time)));
    log.append(messageNode(message, view));
  };

  const draw = (messages, bottom = stuck) => {
    const top = log.scrollTop;
    log.replaceChildren();
    messages.forEach((message, n) => place(message, messages[n - 1]));
    if (!messages.length) log.append(el('p', { class: 'empty' }, view.hint()));
    drawnOn = today();
    if (bottom) toBottom();
    else log.scrollTop = top;
  };

  const append = (messages) => {
    const message = messages.at(-1);
    const follow = stuck || message.from === view.me;
    // The first message replaces the hint; a new day changes what the older times are called.
    if (messages.length === 1 || drawnOn !== today()) draw(messages, follow);
    else place(message, messages.at(-2));
    if (follow) toBottom();
    else newer.hidden = false;
    if (message.from !== view.me) heard.textContent = `${view.person(message.from).name}：${brief(message)}`;
  };

  /** An edit changes the message where it stands; a button that had the focus keeps it. */
  const replace = (message) => {
    const old = nodeOf(message.id);
    const key = old?.contains(document.activeElement) && document.activeElement.dataset.key;
    const fresh = messageNode(message, view);
    old?.replaceWith(fresh);
    if (key) fresh.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
    fresh.querySelectorAll('.answer').forEach(flash);
    if (stuck) toBottom();
  };

  const seek = (id) => {
    const node = nodeOf(id);
    if (!node) return;
    node.scrollIntoView({ block: 'center' });
    flash(node);
  };

  newer.onclick = toBottom;
  log.onscroll = () => {
    stuck = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    if (stuck) newer.hidden = true;
  };
  // The keyboard of a phone or a growing input bar must not cover the newest message.
  new ResizeObserver(() => {
    if (stuck) toBottom();
  }).observe(log);

  return { draw, append, replace, seek };
}
