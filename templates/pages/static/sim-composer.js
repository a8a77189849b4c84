/** What is being written: text, pictures and a quote, kept per conversation until the server has it. */

import { brief, el, isOffice } from './sim-render.js';

const MOST_IMAGES = 9,
  MOST_BYTES = 10 * 1024 * 1024;
const OFFICE = ['通知 请各单位报送线索摸排方案，收到请回复。明天下班前', '发', '谁没收到', '进度', '帮助'];
const LIAISON = ['收到', '报 宣传单500份', '待办', '帮助'];
const get = (id) => document.getElementById(id);
const blank = () => ({ text: '', images: [], quote: null, said: null, id: null, failed: false, sending: false });

/** randomUUID exists only on https and loopback; the demo may be opened by an address of the local network. */
const clientId = () =>
  crypto.randomUUID?.() ??
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

const runsOffice = (person) => person.roles.some((role) => role === 'clerk' || role === 'head' || role === 'admin');

function phrases(person, group) {
  if (runsOffice(person)) return OFFICE;
  if (isOffice(person)) return ['帮助'];
  return group ? LIAISON : [...LIAISON, '线索 某市场有人强收摊位费'];
}

export function hint(person, group) {
  if (runsOffice(person)) return '试试：通知 请各单位报送线索摸排方案，收到请回复。明天下班前';
  if (isOffice(person)) return '这里只有你和收到助手。试试：帮助';
  return group
    ? '办公室发通知后，回一句「收到」，或点卡片上的按钮'
    : '这里只有你和收到助手看得到。试试：待办；有线索也只在这里说';
}

const asDataUrl = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

/**
 * Wires the input bar. `post(body)` sends one message; `toast(words)` says what went wrong.
 * Gives back {open(person, room), quote(message, name)}.
 */
export function startComposer({ post, toast }) {
  const input = get('input'),
    files = get('files'),
    previews = get('previews'),
    quoting = get('quoting');
  const drafts = new Map();
  let draft = blank(),
    person = null,
    room = null;

  const show = () => {
    if (input.value !== draft.text) input.value = draft.text;
    input.readOnly = draft.sending;
    get('send').disabled = draft.sending || !(draft.text.trim() || draft.images.length);
    get('failed').hidden = !draft.failed || draft.sending;
    quoting.hidden = !draft.quote;
    quoting.firstElementChild.textContent = draft.quote ? `${draft.quote.name}：${draft.quote.brief}` : '';
    previews.hidden = !draft.images.length;
    previews.replaceChildren(
      ...draft.images.map((url, n) => {
        const remove = el('button', { type: 'button', 'aria-label': `去掉图片${n + 1}` }, '×');
        remove.onclick = () => {
          draft.images.splice(n, 1);
          show();
        };
        return el('span', { class: 'preview' }, el('img', { src: url, alt: `待发图片${n + 1}` }), remove);
      }),
    );
  };

  const insert = (text) => {
    input.focus();
    input.setRangeText(text, input.selectionStart, input.selectionEnd, 'end');
    draft.text = input.value;
    show();
  };

  const add = async (chosen) => {
    const target = draft;
    for (const file of [...chosen].filter((f) => f.type.startsWith('image/'))) {
      if (target.images.length >= MOST_IMAGES) {
        toast(`一次最多${MOST_IMAGES}张图片`);
        break;
      }
      if (file.size > MOST_BYTES) toast(`「${file.name}」超过10 MB，没有加上`);
      else target.images.push(await asDataUrl(file));
    }
    show();
  };

  const send = async () => {
    const sent = draft;
    if (sent.sending || !(sent.text.trim() || sent.images.length)) return;
    const body = {
      from: person.id,
      room,
      text: sent.text,
      quote: sent.quote?.id ?? null,
      images: sent.images.map((url) => url.split(',')[1]),
    };
    const said = JSON.stringify(body);
    // The same words after a failure are a retry and keep their id; changed words are another message.
    if (sent.said !== said) Object.assign(sent, { said, id: clientId() });
    sent.sending = true;
    show();
    try {
      await post({ ...body, id: sent.id });
      Object.assign(sent, blank());
      get('toast').hidden = true;
    } catch (error) {
      Object.assign(sent, { failed: true, sending: false });
      toast(error.message);
    }
    show();
  };

  input.oninput = () => {
    draft.text = input.value;
    show();
  };
  input.onkeydown = (e) => {
    // 229: some browsers report the Enter that ends a composition as an ordinary one.
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === 229) return;
    e.preventDefault();
    send();
  };
  input.onpaste = (e) => {
    if (!e.clipboardData.files.length) return;
    e.preventDefault();
    add(e.clipboardData.files);
  };
  get('send').onclick = send;
  // Keeps the focus in the text, and with it the keyboard of a phone.
  get('send').onmousedown = (e) => e.preventDefault();
  get('failed').onclick = send;
  get('attach').onclick = () => files.click();
  files.onchange = async () => {
    await add(files.files);
    files.value = '';
    input.focus();
  };
  get('at').onclick = () => insert('@收到助手 ');
  quoting.lastElementChild.onclick = () => {
    draft.quote = null;
    show();
    input.focus();
  };

  return {
    open(who, where) {
      [person, room] = [who, where];
      const key = `${who.id}/${where ?? ''}`;
      if (!drafts.has(key)) drafts.set(key, blank());
      draft = drafts.get(key);
      get('at').hidden = !where;
      get('chips').replaceChildren(
        ...phrases(who, where !== null).map((text) => {
          const chip = el(
            'button',
            { type: 'button', class: 'chip', title: text },
            text.length > 14 ? text.slice(0, 12) + '…' : text,
          );
          chip.onclick = () => {
            draft.text = text;
            show();
            input.focus();
          };
          return chip;
        }),
      );
      show();
    },
    quote(message, name) {
      draft.quote = { id: message.id, name, brief: brief(message) };
      show();
      input.focus();
    },
  };
}
