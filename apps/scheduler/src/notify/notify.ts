import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { formatReference, parseJobId } from "@tac8/core/domain/reference";
import { webUrl } from "@tac8/core/github/urls";
import { readDays } from "@tac8/core/ledger/store";
import { createRedactor } from "@tac8/core/log/redact";
import type { Logger } from "@tac8/core/log/logger";
import { createDelivery, MAX_PENDING } from "./deliver.ts";
import type { Message } from "@tac8/core/notify/message";
import { issuesOf, messagesFor, type IssueFacts } from "./messages.ts";
import { advance, forget, readPosition, type Position } from "./store.ts";
import { dueDay, summaryMessage } from "./summary.ts";
import { targetsOf } from "@tac8/core/notify/targets";
import { readEventsAfter } from "@tac8/core/state/events";
import type { IssueStore } from "@tac8/core/state/issueStore";

export interface NotifyServices {
  readonly config: Pick<Config, "notify" | "secrets" | "github">;
  /** Borrowed, like the other services. */
  readonly redis: Redis;
  readonly queue: Queue;
  readonly store: Pick<IssueStore, "readMany">;
  readonly log: Logger;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const BATCH = 500;
/** Maximum number of batches in one round. The next round continues. */
const MAX_BATCHES = 10;

/** Return a function that sends notifications of the events since the last call, also if another scheduler made that call. */
export function createNotifier(services: NotifyServices): () => Promise<void> {
  const { config, redis, log, now } = services;
  const targets = targetsOf(config.secrets.notify);
  const names = targets.map(({ name }) => name);
  const deliver = createDelivery({ ...services, targets });
  const redact = createRedactor(config.secrets.values);
  let forgotten = false;

  /** @returns whether there may be more events */
  async function read(): Promise<boolean> {
    const at = now();
    const day = dueDay(config.notify.daily_summary_at, at);
    const position = await readPosition(redis, { holds: {}, summaryOf: day });
    const events = await readEventsAfter(redis, { after: position.cursor, count: BATCH });
    const issues = await factsOf(issuesOf(events, config.notify), services);
    const { messages, holds } = messagesFor({
      events,
      issues,
      holds: position.memory.holds,
      wanted: config.notify,
      redact,
      now: at,
    });
    const all = [...messages, ...(await summaryOf(day, position, services))];
    const cursor = events.at(-1)?.id ?? position.cursor;
    const memory = { holds, summaryOf: day };
    if (cursor === position.cursor && JSON.stringify(memory) === position.text) return false;
    const kept = all.slice(-MAX_PENDING);
    if (!(await advance(redis, position, { cursor, memory, messages: kept, targets: names, now: at }))) return false;
    if (kept.length < all.length) log.warn(`${all.length - kept.length} older messages were dropped: too many at once`);
    return events.length === BATCH;
  }

  return async function notify(): Promise<void> {
    if (targets.length === 0) {
      if (!forgotten) await forget(redis);
      forgotten = true;
      return;
    }
    for (let batch = 0; batch < MAX_BATCHES && (await read()); batch += 1);
    await deliver();
  };
}

async function summaryOf(
  day: string,
  { memory }: Position,
  { config, redis, now }: NotifyServices,
): Promise<Message[]> {
  if (!config.notify.daily_summary || day <= memory.summaryOf) return [];
  const [counts = {}] = await readDays(redis, [day]);
  return [summaryMessage(day, counts, now())];
}

/** Return the facts of these issues from queue and records. An issue that is in neither of them has only its reference. */
async function factsOf(
  ids: readonly string[],
  { redis, queue, store, config }: NotifyServices,
): Promise<Map<string, IssueFacts>> {
  const facts = new Map<string, IssueFacts>();
  if (ids.length === 0) return facts;
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hget(queue.toKey(id), "data");
  const jobs = (await pipeline.exec()) ?? [];
  const records = await store.readMany(ids);
  ids.forEach((id, index) => {
    const ref = parseJobId(id);
    if (ref === null) return;
    const { title, url } = dataIn(jobs[index]?.[1]);
    const record = records[index];
    facts.set(id, {
      reference: formatReference(ref),
      title: title ?? "",
      url: url ?? `${webUrl(config.github.api_url, ref)}/issues/${ref.number}`,
      prUrl: record?.pull.url ?? null,
      question: record?.question.text ?? null,
      answer: record?.work.summary ?? null,
    });
  });
  return facts;
}

function dataIn(text: unknown): { readonly title?: string; readonly url?: string } {
  try {
    return typeof text === "string" ? (JSON.parse(text) as { title?: string; url?: string }) : {};
  } catch {
    return {}; // Written by another version.
  }
}
