export type LiveKind = "init" | "text" | "thinking" | "tool" | "tool-result" | "notice" | "result" | "output";

/** Something of a conversation that is worth showing; at most 2 kB as JSON, without terminal codes, where it is live. */
export interface LiveEvent {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: LiveKind;
  readonly text: string;
  /** The tool's name, with kind `tool`. */
  readonly tool?: string;
  readonly isError?: boolean;
  /** Id of the tool call, with kinds `tool` and `tool-result`: what belongs together. */
  readonly call?: string;
  /** Id of the tool call that started the sub-agent whose words these are. */
  readonly parent?: string;
}
