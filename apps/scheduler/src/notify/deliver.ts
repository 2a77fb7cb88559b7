import type { Redis } from "ioredis";
import type { Logger } from "@tac8/core/log/logger";
import { send } from "@tac8/core/notify/send";
import { readPending, replacePending, type StoredPending } from "./store.ts";
import type { Target, TargetName } from "@tac8/core/notify/targets";

export interface DeliverServices {
  /** Borrowed. */
  readonly redis: Redis;
  readonly log: Pick<Logger, "warn" | "info">;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly targets: readonly Target[];
}

/** Maximum number of pending messages per target. The oldest are dropped first. */
export const MAX_PENDING = 50;
const MAX_AGE_MS = 24 * 3_600_000;
const AT_ONCE = 10;
/** Longer than a request may take, so the process that was sending the message has died. */
const SENDING_MS = 60_000;
const FIRST_WAIT_MS = 5000;
const MAX_WAIT_MS = 15 * 60_000;

/** Return the wait after a number of consecutive failures, in ms. Pure. */
export function waitAfter(failures: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), MAX_WAIT_MS);
}

/**
 * Return a function that sends the pending messages, each at most once: a message is marked before it is sent, and one that was
 * sent without a response is not sent again. An unreachable target is retried with increasing waits, and does not delay the others.
 */
export function createDelivery({ redis, log, now, signal, targets }: DeliverServices): () => Promise<void> {
  const quiet = new Map<TargetName, { failures: number; until: number }>();

  return async function deliver(): Promise<void> {
    const pending = await readPending(redis);
    const known = new Set(targets.map(({ name }) => name));
    for (const entry of pending.filter(({ target }) => !known.has(target))) await replacePending(redis, entry, null);
    await Promise.all(
      targets.map((target) =>
        sendAll(
          target,
          pending.filter((entry) => entry.target === target.name),
        ),
      ),
    );
  };

  async function sendAll(target: Target, all: readonly StoredPending[]): Promise<void> {
    const waiting = await withoutOld(target.name, all);
    if (now() < (quiet.get(target.name)?.until ?? 0)) return;
    for (const entry of waiting.slice(0, AT_ONCE)) {
      if (signal.aborted || !(await sendOne(target, entry))) return;
    }
  }

  /** @returns whether the target accepts messages */
  async function sendOne(target: Target, entry: StoredPending): Promise<boolean> {
    const marked = await replacePending(redis, entry, { sendingSince: now() });
    if (marked === null) return true; // Another process sends it.
    const sent = await send(target, entry.message, signal);
    if (signal.aborted && sent.kind !== "taken") return false; // Unknown whether it was received, so it stays marked.
    if (sent.kind === "later") {
      const failures = (quiet.get(target.name)?.failures ?? 0) + 1;
      const waitMs = Math.max(sent.waitMs, waitAfter(failures));
      quiet.set(target.name, { failures, until: now() + waitMs });
      await replacePending(redis, marked, { sendingSince: null, tries: entry.tries + 1 });
      const when = `${failures === 1 ? "" : `(${failures} times) `}retrying in ${Math.round(waitMs / 1000)} s`;
      log.warn({ target: target.name }, `could not notify ${target.name}: ${sent.why}; ${when}`);
      return false;
    }
    quiet.delete(target.name);
    await replacePending(redis, marked, null);
    const about = { target: target.name, message: entry.message.id };
    if (sent.kind === "taken") log.info(about, `notified ${target.name}: ${entry.message.title}`);
    if (sent.kind === "refused") log.warn(about, `${target.name} rejects a message: ${sent.why}; check its URL`);
    if (sent.kind === "unknown") log.warn(about, `${target.name} may not have received a message: ${sent.why}`);
    return true;
  }

  /** Return the messages that no process is sending. Messages that are too old, or too many, are dropped with a warning. */
  async function withoutOld(name: TargetName, all: readonly StoredPending[]): Promise<StoredPending[]> {
    const at = now();
    const lost = all.filter(({ sendingSince }) => sendingSince !== null && at - sendingSince >= SENDING_MS);
    const free = all.filter(({ sendingSince }) => sendingSince === null);
    const late = free.filter(({ addedAt }, index) => at - addedAt >= MAX_AGE_MS || index < free.length - MAX_PENDING);
    for (const entry of [...lost, ...late]) await replacePending(redis, entry, null);
    if (lost.length > 0) log.warn(`${name} may not have received ${lost.length} messages: sending was interrupted`);
    if (late.length > 0)
      log.warn(`dropped ${late.length} messages for ${name}, which has not accepted messages for too long`);
    return free.filter((entry) => !late.includes(entry));
  }
}
