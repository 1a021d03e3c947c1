// One socket to the server for everything that changes by itself. It comes back after every break, for
// ever; whoever listens is then told that anything may have changed, since what was missed is unknown.
import { useEffect, useRef } from "react";
import { firstPaint } from "../router/painted";

const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;
/** A tab nobody looks at lets go of its socket after this time. */
const HIDDEN_MS = 300_000;
/** A page asks for what it shows a little before it can listen; what happened in between is told again. */
const RECENT_S = 60;
/** The server's answers to a page that may not listen; asking again would change nothing. */
const REFUSED = [4401, 4403];

/** `data` as the server sent it; undefined after a break, when anything may have changed. */
type Listener = (data: unknown) => void;

const listeners = new Map<string, Set<Listener>>();
let socket: WebSocket | null = null;
let connected = false;
let wasConnected = false;
let failures = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let hiding: ReturnType<typeof setTimeout> | undefined;

/** Calls `hear` for each event of a topic while the calling part is mounted. */
export function useLive(topic: string, hear: Listener): void {
  const latest = useRef(hear);
  latest.current = hear;
  useEffect(() => listen(topic, (data) => latest.current(data)), [topic]);
}

/** Whether changes arrive by themselves now, so that asking again can be rare. */
export function isLive(): boolean {
  return connected;
}

/** Hears a topic until the answer is called; the first listener opens the socket, the last one closes it. */
export function listen(topic: string, hear: Listener): () => void {
  const those = listeners.get(topic) ?? new Set();
  listeners.set(topic, those.add(hear));
  if (listeners.size === 1 && those.size === 1) begin();
  else if (those.size === 1) subscribe();
  return () => {
    those.delete(hear);
    if (those.size > 0 || listeners.get(topic) !== those) return;
    listeners.delete(topic);
    if (listeners.size === 0) end();
    else subscribe();
  };
}

function begin(): void {
  document.addEventListener("visibilitychange", visibility);
  addEventListener("online", now);
  void firstPaint().then(open);
}

function end(): void {
  document.removeEventListener("visibilitychange", visibility);
  removeEventListener("online", now);
  clearTimeout(hiding);
  close();
  failures = 0;
  wasConnected = false;
}

function open(): void {
  clearTimeout(retry);
  if (socket || listeners.size === 0) return;
  const address = new URL("/api/ws", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const mine = new WebSocket(address);
  socket = mine;
  mine.onopen = () => {
    failures = 0;
    subscribe();
    connected = true;
    if (wasConnected) for (const topic of listeners.keys()) tell(topic, undefined);
    wasConnected = true;
  };
  mine.onmessage = ({ data }) => {
    const event = parse(String(data));
    if (event) tell(event.topic, event.data);
  };
  mine.onclose = ({ code }) => {
    if (socket !== mine) return;
    socket = null;
    connected = false;
    if (!REFUSED.includes(code)) again();
  };
}

function again(): void {
  if (document.hidden) return;
  const wait = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** failures);
  failures += 1;
  retry = setTimeout(open, wait * (0.5 + Math.random() / 2));
}

function now(): void {
  failures = 0;
  open();
}

function visibility(): void {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(close, HIDDEN_MS);
  else open();
}

function close(): void {
  clearTimeout(retry);
  const old = socket;
  socket = null;
  old?.close();
  connected = false;
}

function subscribe(): void {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const recent_s = Math.min(RECENT_S, 1 + performance.now() / 1000);
  socket.send(JSON.stringify({ topics: [...listeners.keys()], recent_s }));
}

function tell(topic: string, data: unknown): void {
  for (const hear of [...(listeners.get(topic) ?? [])]) hear(data);
}

function parse(text: string): { topic: string; data: unknown } | null {
  try {
    const { topic, data } = JSON.parse(text) as Record<string, unknown>;
    return typeof topic === "string" ? { topic, data } : null;
  } catch {
    return null;
  }
}
