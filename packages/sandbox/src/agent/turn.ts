import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as events from "./events.ts";
import type { Ending, Event, Speaker } from "./events.ts";
import * as toolEvents from "./toolEvents.ts";
import type { Step, Usage } from "./script.ts";
import { quote, runBash, startDaemon } from "./shell.ts";

/** How a process may end in mid-turn, without a result. */
export type Exit = { readonly kind: "exit"; readonly code: number };

export interface TurnOptions {
  readonly speaker: Speaker;
  readonly prompt: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: (event: Event) => void;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  readonly ignoreTerm: () => void;
  /** From now on interrupts get no answer. */
  readonly goDeaf: () => void;
  readonly disallowedTools: readonly string[];
}

/** Work on one message. The steps run one after the other, and each answer and tool call is emitted immediately. */
export class TurnRunner {
  readonly #options: TurnOptions;
  /** Calls to the model. */
  calls = 0;
  reported: Usage | undefined;
  /** Instead of the one that was asked for. */
  model: string | undefined;
  lastText = "";
  readonly denials: toolEvents.Denial[] = [];
  #tool: string | undefined;
  #tasks: readonly toolEvents.Task[] = [];

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  /** @returns how the turn ends, when this step ends it. */
  async step(step: Step): Promise<Ending | Exit | undefined> {
    const { signal } = this.#options;
    if (signal.aborted) return this.#stopped();
    const end = await this.#run(step);
    return end ?? (signal.aborted ? this.#stopped() : undefined);
  }

  #stopped(): Ending {
    const { emit, speaker } = this.#options;
    const during = this.#tool === undefined ? "text" : "tool";
    if (this.#tool !== undefined) emit(events.interruptedTool(speaker, this.#tool));
    emit(events.interrupted(speaker, during));
    return { kind: "interrupted", during };
  }

  async #run(step: Step): Promise<Ending | Exit | undefined> {
    const { prompt, env, cwd, signal } = this.#options;
    const at = (path: string) => resolve(cwd, path);
    if ("say" in step) return this.#say(step.say);
    if ("think" in step) return this.#block({ type: "thinking", thinking: step.think, signature: "c2NyaXB0" });
    if ("write" in step) return this.#write(step.write, step.text);
    if ("append" in step) return this.#write(step.append, (await textOf(at(step.append))) + step.text);
    if ("ask" in step) return this.#write("BLOCKED.md", step.ask);
    if ("bash" in step) return this.#bash(step.bash);
    if ("tool" in step) return this.#call(step.tool, step.input ?? {}, step.answer ?? "Done.");
    if ("deny" in step) return this.#deny(step.deny, step.input ?? {});
    if ("background" in step) return this.#background(step.background, step.kind ?? "shell");
    if ("report" in step) return this.#report(step.report, step.status ?? "completed");
    if ("commit" in step) return this.#bash(`git add -A && git commit -q -m ${quote(step.commit)}`);
    if ("output" in step) return this.#bash(`head -c ${step.output} /dev/zero | tr '\\0' x`, step.output);
    if ("wait" in step) return pause(step.wait, signal);
    if ("usage" in step) return void (this.reported = step.usage);
    if ("model" in step) return void (this.model = step.model);
    if ("prompt" in step) return save(at(step.prompt), prompt);
    if ("once" in step) return this.#once(at(step.once), step.step);
    if ("retry" in step) return this.#retry(step.retry.status);
    if ("env" in step) return save(at(step.env), JSON.stringify(env));
    if ("daemon" in step) return startDaemon({ bare: step.daemon === "bare", pidFile: step.pidFile });
    if ("ignoreTerm" in step) {
      this.#options.ignoreTerm();
      return undefined;
    }
    return this.#end(step);
  }

  #retry(status: number | null): undefined {
    const { emit, speaker } = this.#options;
    emit(events.apiRetry(speaker, status));
    return undefined;
  }

  async #once(file: string, step: Step): Promise<Ending | Exit | undefined> {
    if (existsSync(file)) return undefined;
    await writeFile(file, "");
    return this.#run(step);
  }

  async #end(step: Step): Promise<Ending | Exit | undefined> {
    if ("result" in step) {
      this.#say(step.result);
      return { kind: "success", text: step.result };
    }
    if ("error" in step) return this.#apiError(step.error);
    if ("refused" in step) return this.#refused(step.refused);
    if ("nothing" in step) return { kind: "success", text: "" };
    if ("usageLimit" in step) {
      const { usageLimit } = step;
      const resetsAt =
        "resetsAt" in usageLimit ? usageLimit.resetsAt : Math.ceil(Date.now() / 1000 + usageLimit.resetsIn);
      const limit = `Claude AI usage limit reached|${resetsAt}`;
      return this.#apiError({ status: 429, message: limit });
    }
    if ("maxTurns" in step) return { kind: "max-turns" };
    if ("exit" in step) return { kind: "exit", code: step.exit };
    if ("noResult" in step) return { kind: "exit", code: 0 };
    if ("crash" in step) process.kill(process.pid, "SIGKILL");
    if ("hang" in step && step.hang === "deaf") this.#options.goDeaf();
    if ("hang" in step || "crash" in step) return pause(FOREVER, this.#options.signal);
    throw new Error(`the script has an unknown step: ${JSON.stringify(step)}`);
  }

  #apiError({ status, message, code }: { status: number | null; message: string; code?: string }): Ending {
    const text = status === null ? `API Error: ${message}` : `API Error: ${status} ${message}`;
    const error = code ?? events.errorCode(status);
    const lost = status === null && code === undefined ? { apiError: "connection_failed" } : {};
    return this.#failed({ status, type: ERROR_TYPES[status ?? 0] ?? "api_error", text, error, ...lost });
  }

  /** Report a refusal as a failed call, or an unusable history with the CLI's own reason. */
  #refused(reason: "refusal" | "prompt_too_long" | "image_error"): Ending {
    const failure = { status: null, type: null, error: "unknown" };
    if (reason !== "refusal") return this.#failed({ ...failure, text: "Prompt is too long", terminalReason: reason });
    const text = `API Error: Claude Code is unable to respond to this request. Request ID: req_${events.messageId()}`;
    return this.#failed({ ...failure, text, stopReason: reason });
  }

  #failed(failure: events.ApiFailure): Ending {
    const { emit, speaker } = this.#options;
    emit(events.apiError(speaker, failure));
    return { kind: "api-error", failure };
  }

  #say(text: string): undefined {
    this.lastText = text;
    return this.#block({ type: "text", text });
  }

  #block(block: Event): undefined {
    const { emit, speaker } = this.#options;
    this.calls += 1;
    emit(events.assistant(speaker, events.messageId(), block));
    return undefined;
  }

  async #write(path: string, text: string): Promise<undefined> {
    const { emit, speaker, cwd } = this.#options;
    const file = resolve(cwd, path);
    const before = await textOf(file);
    const id = this.#use("Write", { file_path: file, content: text });
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    this.#tool = undefined;
    const done = before === "" ? "File created successfully at:" : "The file was updated:";
    const type = before === "" ? "create" : "update";
    const detail = {
      type,
      filePath: file,
      content: text,
      structuredPatch: [],
      originalFile: before || null,
      userModified: false,
    };
    emit(events.toolResult(speaker, { toolUseId: id, content: `${done} ${file}`, detail }));
    return undefined;
  }

  async #bash(command: string, size = 0): Promise<undefined> {
    const { emit, speaker, signal } = this.#options;
    const id = this.#use("Bash", { command, description: "Run a command" });
    const { output, code } = size > 0 ? { output: "x".repeat(size), code: 0 } : await runBash(command, signal);
    if (signal.aborted) return undefined; // the tool stays open: that is how an interrupt finds it
    this.#tool = undefined;
    const failed = code !== 0;
    const content = failed ? `Exit code ${code ?? 137}\n${output}`.trim() : output;
    const shown = { stdout: output, stderr: "", interrupted: false, isImage: false, noOutputExpected: false };
    emit(
      events.toolResult(speaker, {
        toolUseId: id,
        content,
        isError: failed,
        detail: failed ? `Error: ${content}` : shown,
      }),
    );
    return undefined;
  }

  #call(tool: string, input: Event, answer: string): undefined {
    const isError = this.#options.disallowedTools.includes(tool);
    const content = isError ? `Error: No such tool available: ${tool}` : answer;
    return this.#answered(this.#use(tool, input), { content, isError });
  }

  #deny(tool: string, input: Event): undefined {
    const { emit, speaker } = this.#options;
    const denial = { toolUseId: this.#use(tool, input), tool, input };
    this.denials.push(denial);
    emit(toolEvents.permissionDenied(speaker, denial));
    return this.#answered(denial.toolUseId, { content: toolEvents.denialMessage(denial), isError: true });
  }

  #background(description: string, kind: toolEvents.Task["kind"]): undefined {
    const { emit, speaker } = this.#options;
    const toolUseId = this.#use(kind === "shell" ? "Bash" : "Task", { description, run_in_background: true });
    const task = { id: `task-${description}`, toolUseId, description, kind };
    this.#tasks = [...this.#tasks, task];
    emit(toolEvents.backgroundTasks(speaker, this.#tasks));
    emit(toolEvents.taskStarted(speaker, task));
    return this.#answered(toolUseId, { content: `Running in the background with ID: ${task.id}`, isError: false });
  }

  #report(description: string, status: string): undefined {
    const { emit, speaker } = this.#options;
    const ended = this.#tasks.find((task) => task.description === description);
    if (ended === undefined) throw new Error(`no task in the background has this name: ${description}`);
    this.#tasks = this.#tasks.filter((task) => task !== ended);
    emit(toolEvents.taskNotification(speaker, ended, status));
    emit(toolEvents.backgroundTasks(speaker, this.#tasks));
    return undefined;
  }

  #answered(toolUseId: string, { content, isError }: { content: string; isError: boolean }): undefined {
    const { emit, speaker } = this.#options;
    this.#tool = undefined;
    emit(events.toolResult(speaker, { toolUseId, content, isError, detail: isError ? `Error: ${content}` : content }));
    return undefined;
  }

  #use(name: string, input: Event): string {
    const id = events.toolId();
    this.#tool = id;
    this.#block({ type: "tool_use", id, name, input });
    return id;
  }
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

async function save(file: string, text: string): Promise<undefined> {
  await writeFile(file, text);
  return undefined;
}

/** An interrupt ends it early; that is no error here. */
async function pause(ms: number, signal: AbortSignal): Promise<undefined> {
  try {
    await sleep(Math.min(ms, FOREVER), undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

/** The longest that a timer can wait: 24 days. */
const FOREVER = 2 ** 31 - 1;

/** One line, written at once, so that lines of parallel agents never mix. */
export async function witness(file: string | undefined, entry: Event): Promise<void> {
  if (file !== undefined) await appendFile(file, `${JSON.stringify(entry)}\n`);
}
