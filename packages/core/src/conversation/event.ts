import type { Figures } from "../domain/usage.ts";

export type LiveKind = "init" | "text" | "thinking" | "tool" | "tool-result" | "todo" | "notice" | "result" | "output";

export const TODO_STATUSES = ["pending", "in_progress", "completed"] as const;

export interface TodoItem {
  readonly text: string;
  readonly status: (typeof TODO_STATUSES)[number];
}

/** Something of a conversation that is worth showing; at most 2 kB as JSON, without terminal codes, where it is live. */
export interface LiveEvent {
  /** Epoch milliseconds: the event's own time, else when it came. */
  readonly at: number;
  readonly kind: LiveKind;
  readonly text: string;
  /** The tool's name, with kind `tool`. */
  readonly tool?: string;
  readonly isError?: boolean;
  /** Id of the tool call, with kinds `tool`, `tool-result` and `todo`, and with a notice about a call. */
  readonly call?: string;
  /** Id of the tool call that started the sub-agent whose words these are. */
  readonly parent?: string;
  /** The whole list as it is now, with kind `todo`. */
  readonly todo?: readonly TodoItem[];
  /**
   * With kind `result`: of all since the result before, sub-agents too. With other kinds, on the first event of a model's
   * answer: the tokens of that answer as far as they were known when it began, which the next result counts again.
   */
  readonly figures?: Figures;
  /** Rounds with the model, with kind `result`. */
  readonly turns?: number;
  /** One of a kind: the next one of it, coming right after, says the same again (another retry, say). */
  readonly topic?: string;
}
