/**
 * Script of the scripted agent: a fenced block named `tac8-script` with JSON, in the text of a message.
 *
 * - a list of steps: a new session starts at its beginning, a later message or `--resume` continues after the last finished step;
 * - `{ "first": [...], "again": [...] }`: `first` for a session's first message, `again` for each later one (without
 *   `again`: what is left of `first`);
 * - a list of lists: the n-th for a session's n-th message, the last for all further ones.
 *
 * The last block of a text counts; without one, the one that the session remembers; without any, a line in NOTES.md and
 * a commit. A block must not contain three backticks.
 */
export type Script =
  | readonly Step[]
  | readonly (readonly Step[])[]
  | { readonly first: readonly Step[]; readonly again?: readonly Step[] };

export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadInputTokens?: number;
  readonly cacheCreationInputTokens?: number;
  readonly costUSD?: number;
}

export type Step =
  | { readonly say: string }
  | { readonly think: string }
  | { readonly write: string; readonly text: string }
  | { readonly append: string; readonly text: string }
  /** Everything in the folder, by git through bash. */
  | { readonly commit: string }
  | { readonly bash: string }
  /**
   * A call of any tool, with the answer that it gets. A tool that the command line removed answers that there is no such
   * tool.
   */
  | { readonly tool: string; readonly input?: Readonly<Record<string, unknown>>; readonly answer?: string }
  /** A call that the permission rules deny. */
  | { readonly deny: string; readonly input?: Readonly<Record<string, unknown>> }
  /** A task in the background, by a name of its own: a shell's command, or (`agent`) a sub-agent. */
  | { readonly background: string; readonly kind?: "shell" | "agent" }
  /** The end of that task. */
  | { readonly report: string; readonly status?: "completed" | "failed" | "killed" }
  /** Milliseconds. */
  | { readonly wait: number }
  /** Writes it to BLOCKED.md. */
  | { readonly ask: string }
  /** The final text; ends the turn. */
  | { readonly result: string }
  /**
   * The model's API failed; ends the turn, exit 1. `code`: the CLI's own name of it, such as `authentication_failed`; by
   * the status where there is none. Without a status there was no answer.
   */
  | { readonly error: { readonly status: number | null; readonly message: string; readonly code?: string } }
  /** The CLI is about to call the model's API again. */
  | { readonly retry: { readonly status: number | null } }
  /** The session itself cannot continue; ends the turn, exit 1. */
  | { readonly refused: "refusal" | "prompt_too_long" | "image_error" }
  /** The model answers with an empty text; ends the turn as a success. */
  | { readonly nothing: true }
  /** 429; `resetsAt` is in seconds since the epoch, `resetsIn` in seconds from then. */
  | { readonly usageLimit: { readonly resetsAt: number } | { readonly resetsIn: number } }
  | { readonly maxTurns: true }
  /** At once, without a result. */
  | { readonly exit: number }
  | { readonly crash: true }
  /** Prints nothing more and does not end; `deaf` does not answer an interrupt either. */
  | { readonly hang: true | "deaf" }
  | { readonly ignoreTerm: true }
  /** Detached twice, in a session of its own, for an hour; `bare` has an empty environment. */
  | { readonly daemon: true | "bare"; readonly pidFile?: string }
  /** Number of bytes that a command prints. */
  | { readonly output: number }
  | { readonly noResult: true }
  /** Adds up to this for the turn, instead of a made-up number. */
  | { readonly usage: Usage }
  /** Another model steps in: the turn's figures name it. */
  | { readonly model: string }
  /** Runs only if the file does not exist, and creates it first. For a step that runs once, in whichever session. */
  | { readonly once: string; readonly step: Step }
  /** Writes the exact text of the message to a file. */
  | { readonly prompt: string }
  /** Writes the environment as JSON to a file. */
  | { readonly env: string };

/** Progress of a session in its script. */
export interface Progress {
  readonly script: Script;
  /** Number of messages so far. */
  readonly messages: number;
  /** Number of finished steps of a plain list (or of `first`). */
  readonly done: number;
}

const BLOCK = /```tac8-script\s*\n([\s\S]*?)\n\s*```/g;

/** Return the script in a text, or undefined. @throws Error if it is not JSON */
export function scriptIn(text: string): Script | undefined {
  const block = [...text.matchAll(BLOCK)].at(-1)?.[1];
  if (block === undefined) return undefined;
  try {
    return JSON.parse(block) as Script;
  } catch (error) {
    throw new Error(`the tac8-script block is no JSON: ${String(error)}`, { cause: error });
  }
}

export function defaultScript(title: string): Script {
  return [
    { say: "No script came with this issue: I leave a note." },
    { append: "NOTES.md", text: `${title}\n` },
    { commit: "docs: leave a note" },
    { result: "Left a note in NOTES.md." },
  ];
}

/** Return the steps that a message runs, and whether they count as progress in the list. */
export function stepsFor({ script, messages, done }: Progress): { steps: readonly Step[]; counted: boolean } {
  if ("first" in script) {
    if (messages > 0 && script.again !== undefined) return { steps: script.again, counted: false };
    return { steps: script.first.slice(done), counted: true };
  }
  if (isListOfLists(script)) return { steps: script[Math.min(messages, script.length - 1)] ?? [], counted: false };
  return { steps: script.slice(done), counted: true };
}

function isListOfLists(script: readonly Step[] | readonly (readonly Step[])[]): script is readonly (readonly Step[])[] {
  return Array.isArray(script[0]);
}

/** Return whether a step ends the run. A resumed session must not repeat it. */
export const endsRun = (step: Step): boolean =>
  "once" in step ? endsRun(step.step) : ENDS.some((name) => name in step);

const ENDS = ["result", "error", "refused", "nothing", "usageLimit", "maxTurns", "exit", "crash", "hang", "noResult"];
