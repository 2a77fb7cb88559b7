import type { LiveEvent } from "@tac8/core/conversation/event";
import { clip } from "@tac8/core/conversation/shorten";
import type { Checkpoint } from "@tac8/core/domain/states";
import { totalTokens, type Usage } from "@tac8/core/domain/usage";
import type { Phase, RunPresence } from "@tac8/core/state/presence";

const PHASES: Record<Checkpoint, Phase> = {
  none: "prepare",
  prepared: "work",
  worked: "publish",
  published: "report",
};
const MAX_WORDS = 200;

/** How far a run is, for those who look at its runner; nothing is decided by it. */
export class Progress {
  #seen: RunPresence;

  constructor(run: Pick<RunPresence, "issue" | "title" | "run" | "slot" | "since">) {
    this.#seen = { ...run, phase: "prepare", last: null, tokens: 0, costUsd: 0 };
  }

  get seen(): RunPresence {
    return this.#seen;
  }

  at(checkpoint: Checkpoint): void {
    this.#seen = { ...this.#seen, phase: PHASES[checkpoint] };
  }

  /** The last thing that the agent did: `text` is without secrets. */
  did({ at, kind, tool }: LiveEvent, text: string): void {
    const words = clip(text.split("\n", 1)[0] ?? "", MAX_WORDS);
    this.#seen = { ...this.#seen, last: { at, kind, text: tool === undefined ? words : `${tool}: ${words}` } };
  }

  /** Of this issue so far. */
  cost(usage: Usage): void {
    this.#seen = { ...this.#seen, tokens: totalTokens(usage), costUsd: usage.costUsd };
  }
}
