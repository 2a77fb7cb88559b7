import * as events from "./events.ts";
import type { Ending, Event } from "./events.ts";
import type { Arguments } from "./arguments.ts";
import type { Input } from "./input.ts";
import { defaultScript, endsRun, scriptIn, stepsFor } from "./script.ts";
import { saveSession, type Session } from "./session.ts";
import { TurnRunner, witness, type Exit } from "./turn.ts";
import { add, NO_USAGE, usageOf } from "./usage.ts";

export interface AgentOptions {
  readonly session: Session;
  readonly arguments: Arguments;
  readonly input: Input;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the sessions. */
  readonly folder: string;
  readonly emit: (event: Event) => void;
  readonly ignoreTerm: () => void;
  /** Called at the start of each turn with the controller that interrupts it, and with undefined when the turn ends. */
  readonly onTurn: (turn: { readonly stop: AbortController; readonly goDeaf: () => void } | undefined) => void;
  readonly goDeaf: () => void;
}

/** Process one message after the other until the input ends. @returns the exit code */
export async function runAgent(options: AgentOptions): Promise<number> {
  let code = 0;
  for (let index = 0; ; index += 1) {
    const prompt = await options.input.next();
    if (prompt === undefined) return code;
    const end = await runTurn({ ...options, prompt, index });
    if (end.kind === "exit") return end.code;
    code = end.kind === "success" ? 0 : 1;
  }
}

async function runTurn(options: AgentOptions & { prompt: string; index: number }): Promise<Ending | Exit> {
  const { session, prompt, index, cwd, env, folder, emit } = options;
  const startedAt = Date.now();
  const speaker = { session: session.id, model: options.arguments.model };
  emit(events.init(speaker, { cwd, folder, pid: process.pid }));
  const script = scriptIn(prompt) ?? session.script ?? defaultScript(firstLine(prompt));
  const { steps, counted } = stepsFor({ script, messages: session.messages, done: session.done });
  session.script = script;
  session.messages += 1;
  await saveSession(folder, session);
  const stop = new AbortController();
  options.onTurn({ stop, goDeaf: options.goDeaf });
  const { ignoreTerm, goDeaf } = options;
  const { disallowedTools } = options.arguments;
  const turn = { speaker, prompt, cwd, env, emit, signal: stop.signal, ignoreTerm, goDeaf, disallowedTools };
  const runner = new TurnRunner(turn);
  let end: Ending | Exit | undefined;
  for (const step of steps) {
    // A step that ends the run is recorded before it runs, because it cannot be recorded afterwards.
    if (endsRun(step)) await progress(options, counted);
    end = await runner.step(step);
    if (end !== undefined) break;
    if (!endsRun(step)) await progress(options, counted);
  }
  end ??= { kind: "success", text: runner.lastText || "Nothing was left to do." };
  options.onTurn(undefined);
  const silent = runner.calls === 0 && (end.kind === "api-error" || (end.kind === "success" && end.text === ""));
  const used = silent ? NO_USAGE : usageOf(Math.max(runner.calls, 1), runner.reported);
  if (end.kind !== "exit") {
    const turns = runner.calls + 1;
    const speaking = { ...speaker, model: runner.model ?? speaker.model };
    const { denials } = runner;
    emit(events.result(speaking, { ending: end, used, before: session.total, turns, startedAt, index, denials }));
  }
  session.total = add(session.total, used);
  await saveSession(folder, session);
  // The end counts only when all output is written: a process that exits loses the rest.
  await new Promise((resolve) => process.stdout.write("", resolve));
  const marker = { pid: process.pid, session: session.id, runMarker: env["TAC8_RUN"] ?? null };
  await witness(env["TAC8_WITNESS"], { ...marker, finished: end.kind, at: Date.now() });
  return end;
}

async function progress({ session, folder }: AgentOptions, counted: boolean): Promise<void> {
  if (!counted) return;
  session.done += 1;
  await saveSession(folder, session);
}

const firstLine = (text: string): string => text.trim().split("\n", 1)[0]?.slice(0, 200) || "A note.";
