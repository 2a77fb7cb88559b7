import type { Job, Queue } from "bullmq";
import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import type { Isolation } from "@tac8/core/isolation/choose";
import type { IssueRef } from "@tac8/core/domain/reference";
import type { GitHub } from "@tac8/core/github/client";
import type { IssueEvent } from "@tac8/core/github/types";
import type { Logger } from "@tac8/core/log/logger";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { EventWords, NewEvent } from "@tac8/core/domain/events";
import type { IssueFields, IssuePatch } from "@tac8/core/state/issueState";
import { LostRun, type IssueStore } from "@tac8/core/state/issueStore";
import type { Redis } from "ioredis";
import type { Ceiling } from "../host/ceiling.ts";
import type { DiskWatch } from "../host/diskWatch.ts";
import type { Lock } from "@tac8/core/process/flock";
import type { AgentPlace } from "../place/place.ts";
import type { AgentSide, OpenSide } from "../place/side.ts";
import type { HomeCheck } from "../host/homeCheck.ts";
import type { Mirror } from "../workspace/mirror.ts";
import type { WorkspacePaths } from "../workspace/paths.ts";
import type { HaltSwitch } from "./halt.ts";
import type { Progress } from "./progress.ts";
import { whenThereIsRoom } from "./refusal.ts";

/** What a runner has for all of its runs. */
export interface RunnerServices {
  readonly config: Config;
  readonly github: GitHub;
  /** The account that the token belongs to; null: an app's, which is known from the first comment on. */
  readonly login: string | null;
  readonly redis: Redis;
  /** Paused with a hold of the whole queue; the scheduler lets it go on. */
  readonly queue: Pick<Queue, "pause">;
  readonly store: IssueStore;
  readonly log: Logger;
  /** Id of this data folder: sessions live in one. */
  readonly homeId: string;
  /** Checks that the data folder is still there. */
  readonly homeTrouble: HomeCheck;
  /** For each run's agent. */
  readonly ceiling: Ceiling;
  readonly isolation: Isolation;
  readonly openSide: OpenSide;
  /** Ends agents while the disk runs full. */
  readonly disk: DiskWatch;
  readonly now: () => number;
  /** Takes secrets out of a text that leaves this process. */
  readonly redact: (text: string) => string;
}

export type IssueJob = Job<JobData, JobResult>;

export interface RunParts {
  readonly id: string;
  readonly services: RunnerServices;
  readonly job: IssueJob;
  readonly jobId: string;
  readonly ref: IssueRef;
  readonly repository: RepositoryConfig;
  /** `<host>/<slot>`, for people. */
  readonly runner: string;
  /** The slot's number. */
  readonly slot: number;
  readonly paths: WorkspacePaths;
  readonly mirror: Mirror;
  readonly lock: Lock;
  /** Borrowed. */
  readonly side: AgentSide;
  readonly switch: HaltSwitch;
  /** For how long still the job's lock is surely ours: see `Lease`. */
  readonly leftMs: () => number;
  readonly progress: Progress;
  readonly state: IssueFields;
}

/** One run: what it works on, what it knows, and the only way to write it down. */
export class RunContext {
  readonly id: string;
  readonly services: RunnerServices;
  readonly job: IssueJob;
  readonly jobId: string;
  readonly ref: IssueRef;
  readonly repository: RepositoryConfig;
  readonly runner: string;
  readonly slot: number;
  readonly paths: WorkspacePaths;
  readonly mirror: Mirror;
  readonly lock: Lock;
  readonly side: AgentSide;
  readonly switch: HaltSwitch;
  readonly leftMs: () => number;
  readonly progress: Progress;
  readonly log: Logger;
  /** The event on GitHub that the work goes back to; null: there is none; undefined: not asked yet. See issue/cause.ts. */
  cause: IssueEvent | null | undefined = undefined;
  /** What of the issue counts, as far as a pull request tells it; null: not read yet. See issue/intent.ts. */
  intent: { readonly title: string; readonly unreadable: string | null } | null = null;
  /** The text after edits since the work began that do not stop it; null: there are none. */
  editedText: { readonly title: string; readonly body: string } | null = null;
  /** Id of the issue's status comment that this run has written, by GitHub's own answer; null: none yet. */
  statusComment: number | null = null;
  /** Whether this run has put the label on that says that it is at work. */
  showsWorking = false;
  /** Whether `admit` has looked at the issue: what this run reports then does not come from Redis alone. */
  admitted = false;
  #state: IssueFields;

  constructor(parts: RunParts) {
    this.id = parts.id;
    this.services = parts.services;
    this.job = parts.job;
    this.jobId = parts.jobId;
    this.ref = parts.ref;
    this.repository = parts.repository;
    this.runner = parts.runner;
    this.slot = parts.slot;
    this.paths = parts.paths;
    this.mirror = parts.mirror;
    this.lock = parts.lock;
    this.side = parts.side;
    this.switch = parts.switch;
    this.leftMs = parts.leftMs;
    this.progress = parts.progress;
    this.log = parts.services.log.child({ issue: parts.jobId, run: parts.id });
    this.#state = parts.state;
  }

  /** As this run last wrote it. */
  get state(): IssueFields {
    return this.#state;
  }

  get now(): string {
    return new Date(this.services.now()).toISOString();
  }

  /** Before something is done that the hash cannot undo. @throws LostRun when another run has taken over. */
  async assertLive(): Promise<void> {
    this.switch.lost.throwIfAborted();
    const { run } = await this.services.store.read(this.jobId);
    if (run !== this.id) throw new LostRun(this.jobId, this.id);
  }

  /** Writes fields, and with a new `state` the event of it. @throws LostRun when another run has taken over. */
  async write(patch: IssuePatch, event?: EventWords): Promise<void> {
    this.switch.lost.throwIfAborted();
    await this.#writeDated(patch, event);
  }

  /** Writes fields, and an event that is no change of the issue's state. @throws LostRun when another run has taken over. */
  async record(patch: IssuePatch, event: EventWords): Promise<void> {
    this.switch.lost.throwIfAborted();
    await this.#put(patch, this.#entry(event));
  }

  /**
   * Writes as `write` does, also when the runner has no time left: the end of a run is recorded then, too.
   * @throws LostRun, or the signal's reason, when the run has lost the job
   */
  async writeLast(patch: IssuePatch, event?: EventWords): Promise<void> {
    const { cause } = this.switch;
    if (cause?.halt === "lost") throw cause;
    await this.#writeDated(patch, event);
  }

  async #writeDated(patch: IssuePatch, event?: EventWords): Promise<void> {
    const dated = (patch.state ?? null) === null ? patch : { ...patch, since: patch.since ?? this.now };
    await this.#put(dated, event === undefined ? undefined : this.#entry(event));
  }

  async #put(patch: IssuePatch, entry: NewEvent | undefined): Promise<void> {
    const full = this.#redacted(patch);
    const write = () => this.services.store.write(this.jobId, this.id, full, entry);
    await whenThereIsRoom(write, { signal: this.switch.lost, log: this.log });
    this.#state = { ...this.#state, ...full } as IssueFields;
    this.progress.at(this.#state.checkpoint);
  }

  #entry(words: EventWords): NewEvent {
    const reason = this.services.redact(words.reason);
    const evidence = { run: this.id, ...words.evidence };
    const by = `runner ${this.runner}`;
    // The facts of its name are in the words: only the run is new.
    return { ...words, reason, evidence, issue: this.jobId, from: this.#state.state ?? "", by } as NewEvent;
  }

  /** An agent's words may hold the key of its own API, and go to the board, `tasks.md` and GitHub from here. */
  #redacted(patch: IssuePatch): IssuePatch {
    const { redact } = this.services;
    const words = ["summary", "question", "reason"] as const;
    const clean = words.flatMap((name) => (typeof patch[name] === "string" ? [[name, redact(patch[name])]] : []));
    return { ...patch, ...(Object.fromEntries(clean) as IssuePatch) };
  }

  /** What agents see. */
  get agentEnv(): Record<string, string> {
    return agentEnvOf(this.services.config);
  }

  /** The agent side of the issue: git there has agents' environment and this run's marker. */
  place(signal: AbortSignal = this.switch.lost): AgentPlace {
    return this.side.place({ signal });
  }
}

/** What agents see. They commit by themselves, and a container has no identity of its own. Pure. */
export function agentEnvOf({ agentEnv, git }: Pick<Config, "agentEnv" | "git">): Record<string, string> {
  return {
    ...agentEnv,
    GIT_AUTHOR_NAME: git.author_name,
    GIT_AUTHOR_EMAIL: git.author_email,
    GIT_COMMITTER_NAME: git.author_name,
    GIT_COMMITTER_EMAIL: git.author_email,
  };
}
