import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runAgent } from "./agent.ts";
import { asksVersion, parseArguments, VERSION, type Arguments } from "./arguments.ts";
import * as events from "./events.ts";
import type { Event } from "./events.ts";
import { onePrompt, readStream, type Input } from "./input.ts";
import { loadSession, type Session } from "./session.ts";
import { witness } from "./turn.ts";
import { NO_USAGE } from "./usage.ts";

/** A stand-in for `claude` that follows the script in its prompt. */
const { env } = process;
const cwd = process.cwd();
const folder = env["CLAUDE_CONFIG_DIR"] ?? join(env["HOME"] ?? cwd, ".claude");

try {
  if (asksVersion(process.argv.slice(2))) {
    write(VERSION);
    process.exit(0);
  }
  process.exit(await main(parseArguments(process.argv.slice(2))));
} catch (error) {
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function main(args: Arguments): Promise<number> {
  const emit = args.streamOutput ? (event: Event) => write(JSON.stringify(event)) : emitText;
  const session = await openSession(args, emit);
  if (session === undefined) return 1;
  const runMarker = env["TAC8_RUN"] ?? null;
  const start = { pid: process.pid, cwd, session: session.id, resumed: args.resume !== undefined, runMarker };
  await witness(env["TAC8_WITNESS"], { ...start, at: Date.now() });
  let turn: { readonly stop: AbortController } | undefined;
  let deaf = false;
  const interrupt = (requestId: string) => {
    if (deaf) return;
    emit(events.controlResponse(requestId));
    turn?.stop.abort();
  };
  let deafToTerm = false;
  process.on("SIGTERM", () => {
    if (deafToTerm) return;
    turn?.stop.abort(); // takes its command along
    process.exit(143);
  });
  process.on("SIGINT", () => {
    if (deafToTerm) return;
    turn?.stop.abort();
    process.exit(0);
  });
  return runAgent({
    session,
    arguments: args,
    input: await openInput(args, { interrupt }),
    cwd,
    env,
    folder,
    emit,
    ignoreTerm: () => void (deafToTerm = true),
    goDeaf: () => void (deaf = true),
    onTurn: (now) => void (turn = now),
  });
}

/** Open the session. @returns undefined for an unknown id, which is reported on both streams. @throws Error for an id in use */
async function openSession(args: Arguments, emit: (event: Event) => void): Promise<Session | undefined> {
  const id = args.resume ?? args.sessionId ?? randomUUID();
  const known = await loadSession(folder, id);
  if (args.resume === undefined) {
    if (known !== undefined) throw new Error(`Session ID ${id} is already in use.`);
    return { id, script: null, messages: 0, done: 0, total: NO_USAGE };
  }
  if (known !== undefined) return known;
  const message = `No conversation found with session ID: ${id}`;
  process.stderr.write(`${message}\n`);
  emit(events.unknownSession(id, message));
  return undefined;
}

async function openInput(args: Arguments, listener: { interrupt(requestId: string): void }): Promise<Input> {
  if (args.streamInput) return readStream(process.stdin, listener);
  if (args.promptFile !== undefined) return onePrompt(await readFile(args.promptFile, "utf8"));
  const prompt = args.prompt ?? (await text(process.stdin));
  if (prompt === "")
    throw new Error("Input must be provided either through stdin or as a prompt argument when using --print");
  return onePrompt(prompt);
}

/** Write a line to stdout. What is not written at the exit is lost, so {@link runAgent} waits. */
function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Write texts and commands as plain lines, without stream-json. */
function emitText(event: Event): void {
  if (event["type"] !== "assistant") return;
  const { content } = event["message"] as { content: { type: string; text?: string; input?: { command?: string } }[] };
  for (const block of content) {
    if (block.text !== undefined) write(block.text);
    if (block.input?.command !== undefined) write(`$ ${block.input.command}`);
  }
}
