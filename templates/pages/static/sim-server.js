/** The way to the simulator's door and back: calls, whole conversations, and the stream with its reconnection. */

const PAGE = 500;

/** GET, or POST when there is a body; throws an Error whose message can be shown. */
export async function api(path, body) {
  const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(`/sim/api/${path}`, body && post);
  } catch {
    throw new Error('连不上演示服务器，请看看它是否还在运行');
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || `服务器没有接受（${answer.status}）`);
  return data;
}

/** Everything after message `after` that this person can see in a conversation, oldest first. */
export async function read(who, room, after = 0) {
  const all = [];
  for (;;) {
    const query = new URLSearchParams({ as: who, room, after: all.at(-1)?.id ?? after });
    const page = await api(`messages?${query}`);
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/** Follows one person's stream until `close()`; `onOpen` comes again after each interruption, `onDown` when one begins. */
export function follow(who, { onOpen, onDown, onMessage }) {
  let source, retry;
  const hear = (event) => onMessage(JSON.parse(event.data));
  const connect = () => {
    source = new EventSource(`/sim/api/stream?${new URLSearchParams({ as: who })}`);
    source.onopen = onOpen;
    source.onmessage = hear;
    source.addEventListener('edit', hear);
    source.onerror = () => {
      onDown();
      // The browser reconnects by itself, except after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, 3000);
    };
  };
  connect();
  return {
    close() {
      clearTimeout(retry);
      source.onerror = null;
      source.close();
    },
  };
}
