import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Problem } from "../problems/problem.ts";

/** Asks the user at the terminal. */
export interface Prompt {
  /** Ask a question. @returns the trimmed answer. @throws Problem at Ctrl-C and Ctrl-D */
  ask(question: string): Promise<string>;
  /** Like `ask`, but the input is not shown. */
  askHidden(question: string): Promise<string>;
  say(line: string): void;
  close(): void;
}

/** Open a prompt. Input that is typed before a question is kept for it. The caller closes the prompt. */
export function openPrompt({ input, output }: { input: NodeJS.ReadStream; output: NodeJS.WriteStream }): Prompt {
  let hidden = false;
  const shown = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!hidden) output.write(chunk);
      done();
    },
  });
  const lines: string[] = [];
  let waiting: PromiseWithResolvers<string> | null = null;
  let over = false;
  const reader = createInterface({ input, output: shown, terminal: true, historySize: 0 });
  reader.on("line", (line) => {
    if (waiting === null) lines.push(line);
    else waiting.resolve(line);
  });
  reader.on("SIGINT", () => reader.close());
  reader.on("close", () => {
    over = true;
    waiting?.reject(new Problem("interrupted: nothing more was done"));
  });

  async function next(question: string): Promise<string> {
    output.write(question);
    const early = lines.shift();
    if (early !== undefined) return early.trim();
    if (over) throw new Problem("interrupted: nothing more was done");
    waiting = Promise.withResolvers<string>();
    try {
      return (await waiting.promise).trim();
    } finally {
      waiting = null;
    }
  }
  return {
    ask: next,
    async askHidden(question) {
      hidden = true;
      try {
        return await next(question);
      } finally {
        hidden = false;
        output.write("\n");
      }
    },
    say: (line) => void output.write(`${line}\n`),
    close: () => reader.close(),
  };
}
