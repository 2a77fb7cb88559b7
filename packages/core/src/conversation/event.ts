import type { Figures } from "../domain/usage.ts";

export type LiveKind = "init" | "text" | "thinking" | "tool" | "tool-result" | "todo" | "notice" | "result" | "output";

export const TODO_STATUSES = ["pending", "in_progress", "completed"] as const;

export interface TodoItem {
  readonly text: string;
  readonly status: (typeof TODO_STATUSES)[number];
}

/** A displayed event of a conversation. In a live stream, it has at most 2 kB as JSON and no terminal codes. */
export interface LiveEvent {
  /** Epoch milliseconds: the event's own time, else the time at which it was received. */
  readonly at: number;
  readonly kind: LiveKind;
  readonly text: string;
  /** The tool's name, with kind `tool`. */
  readonly tool?: string;
  readonly isError?: boolean;
  /** Id of the tool call, with kinds `tool`, `tool-result` and `todo`, and with a notice about a call. */
  readonly call?: string;
  /** Id of the tool call that started the sub-agent of this event. */
  readonly parent?: string;
  /** The complete current list, with kind `todo`. */
  readonly todo?: readonly TodoItem[];
  /**
   * With kind `result`: the usage since the previous result, including sub-agents. With other kinds, on the first event of a model's
   * response: the tokens of the response that were known when it began. The next result includes these tokens.
   */
  readonly figures?: Figures;
  /** Turns with the model, with kind `result`. */
  readonly turns?: number;
  /** Topic of a repeated event: an event with the same topic directly after it replaces it (another retry, for example). */
  readonly topic?: string;
}
