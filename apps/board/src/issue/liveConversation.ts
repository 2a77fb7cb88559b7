import type { Redis } from "ioredis";
import { Outline, type OutlineEntry } from "@tac8/core/conversation/outline";
import { readRunStream } from "@tac8/core/conversation/stream";

/** An entry of the conversation, with a stable id. */
export interface ConversationEvent {
  readonly id: string;
  readonly entry: OutlineEntry;
}

const BATCH = 500;
/** Redis stores about a thousand events of a run. After twice this number, the conversation is read from the start again. */
const MAX_EVENTS = 2000;
/** Maximum number of batches per call. The next call continues. */
const MAX_BATCHES = 6;

/** The conversation of a run, which is read incrementally. */
export class LiveConversation {
  readonly #redis: Redis;
  readonly #run: string;
  #outline = new Outline();
  #ids = new WeakMap<OutlineEntry, string>();
  #sameTime = new Map<number, number>();
  #after = "0";
  #count = 0;

  constructor(redis: Redis, run: string) {
    this.#redis = redis;
    this.#run = run;
  }

  /** Read new events. @returns whether there were any */
  async advance(): Promise<boolean> {
    let news = false;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const { events, last } = await readRunStream(this.#redis, { run: this.#run, after: this.#after, count: BATCH });
      if (last === this.#after) return news;
      for (const event of events) this.#outline.add(event);
      this.#after = last;
      this.#count += events.length;
      news = true;
      if (this.#count > MAX_EVENTS) this.#restart();
    }
    return news;
  }

  #restart(): void {
    this.#outline = new Outline();
    this.#ids = new WeakMap();
    this.#sameTime = new Map();
    this.#after = "0";
    this.#count = 0;
  }

  get entries(): ConversationEvent[] {
    return this.#outline.entries.map((entry) => ({ id: this.#idOf(entry), entry }));
  }

  /** Return an id from the time at which the entry began, so that it is the same for every reader of the stream. */
  #idOf(entry: OutlineEntry): string {
    const known = this.#ids.get(entry);
    if (known !== undefined) return known;
    const nth = this.#sameTime.get(entry.began) ?? 0;
    this.#sameTime.set(entry.began, nth + 1);
    const id = `entry-${entry.began}-${nth}`;
    this.#ids.set(entry, id);
    return id;
  }
}

/** Return the time of the newest event in an entry, in epoch ms. */
export function newestIn({ event, children }: OutlineEntry): number {
  return children.reduce((newest, child) => Math.max(newest, newestIn(child)), event.at);
}
