import type { LiveEvent } from "@tac8/core/conversation/event";
import { NO_LIVE_USAGE, addEventUsage, totalUsage } from "@tac8/core/conversation/figures";
import { NO_USAGE, tokensIn, totalTokens, type Usage } from "@tac8/core/domain/usage";
import { clip } from "@tac8/core/domain/plainText";
import type { Checkpoint } from "@tac8/core/domain/states";
import type { Phase, RunPresence } from "@tac8/core/state/presence";

const PHASES: Record<Checkpoint, Phase> = {
  none: "prepare",
  prepared: "work",
  worked: "publish",
  published: "report",
};
const MAX_LENGTH = 200;

/** Progress of a run, for display. Only the end of the breaker's probe depends on it: `last` shows that the model answers. */
export class Progress {
  #presence: RunPresence;
  /** Usage of the ended agents. */
  #before = NO_USAGE;
  /** Usage of the running agent. */
  #usage = NO_LIVE_USAGE;

  constructor(run: Pick<RunPresence, "issue" | "title" | "run" | "slot" | "since">) {
    this.#presence = { ...run, phase: "prepare", last: null, tokens: 0, costUsd: 0 };
  }

  get presence(): RunPresence {
    return this.#presence;
  }

  at(checkpoint: Checkpoint): void {
    this.#presence = { ...this.#presence, phase: PHASES[checkpoint] };
  }

  /** Record the last event of the agent. @param text the event's text, without secrets */
  addEvent(event: LiveEvent, text: string): void {
    const { at, kind, tool } = event;
    this.#usage = addEventUsage(this.#usage, event);
    this.#count();
    if (kind === "tool-result" && text === "") return;
    const words = clip(text.split("\n", 1)[0] ?? "", MAX_LENGTH);
    this.#presence = { ...this.#presence, last: { at, kind, text: tool === undefined ? words : `${tool}: ${words}` } };
  }

  /** Set the usage of the ended agents. Called when an agent starts or ends. */
  setEndedUsage(usage: Usage): void {
    this.#before = usage;
    this.#usage = NO_LIVE_USAGE;
    this.#count();
  }

  #count(): void {
    const now = totalUsage(this.#usage);
    const tokens = totalTokens(this.#before) + tokensIn(now);
    this.#presence = { ...this.#presence, tokens, costUsd: this.#before.costUsd + now.costUsd };
  }
}
