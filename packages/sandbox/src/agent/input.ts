import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Messages that arrive on stdin while the agent works. */
export interface Input {
  /** Return the text of the next message, or undefined at the end. */
  next(): Promise<string | undefined>;
}

interface Listener {
  /** Called when a user interrupts the current turn. */
  interrupt(requestId: string): void;
}

/** Read user messages and control requests, one JSON object per line. Other lines are ignored. */
export function readStream(stream: Readable, listener: Listener): Input {
  const waiting: string[] = [];
  let ended = false;
  let wake: (() => void) | undefined;
  const lines = createInterface({ input: stream });
  lines.on("line", (line) => {
    const message = parse(line);
    if (message?.type === "control_request") listener.interrupt(message.request_id ?? "");
    if (message?.type === "user") waiting.push(textOf(message.message?.content));
    wake?.();
  });
  lines.on("close", () => {
    ended = true;
    wake?.();
  });
  return {
    async next() {
      for (;;) {
        const text = waiting.shift();
        if (text !== undefined || ended) return text;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** Return an input with one prompt. */
export function onePrompt(text: string): Input {
  const waiting = [text];
  return { next: async () => Promise.resolve(waiting.shift()) };
}

interface Line {
  readonly type?: string;
  readonly request_id?: string;
  readonly message?: { readonly content?: unknown };
}

function parse(line: string): Line | undefined {
  if (line.trim() === "") return undefined;
  const value: unknown = JSON.parse(line);
  return typeof value === "object" && value !== null ? value : undefined;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((block: { readonly text?: unknown }) => (typeof block.text === "string" ? block.text : ""))
    .join("");
}
