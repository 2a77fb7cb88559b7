import { setTimeout as sleep } from "node:timers/promises";
import type { FaultAction } from "@tac8/sandbox/github/faults";
import type { RequestEntry } from "@tac8/sandbox/github/model";
import type { App } from "./app.ts";
import type { SoakIssues, SoakIssue } from "./soakIssues.ts";
import { act, relabelFor, isAction, targetOf, type Action, type ActionFault } from "./actions.ts";
import type { FaultKind, PlannedFault, Step } from "./schedule.ts";
import { LOCK_SECONDS, type SoakServices } from "./stage.ts";
import { requestOf, stepOf } from "./step.ts";
import { OWNER, REPO } from "../names.ts";

/** A fault whose target was alive. */
export interface LandedFault {
  readonly kind: FaultKind;
  /** Step of the run that the fault hit; null: it hit no run, or the run is unknown. */
  readonly step: Step | null;
  /** Epoch ms. */
  readonly at: number;
  readonly what: string;
  /** Issues whose runs it ended or cut off from Redis; none for actions on GitHub, which end no run. */
  readonly affected: readonly AffectedRun[];
}

interface AffectedRun {
  readonly issue: number;
  /** Step of its run when the fault landed; null: it had no run. */
  readonly step: Step | null;
}

function affectedRun({ number, state }: SoakIssue): AffectedRun {
  return { issue: number, step: state === null ? null : stepOf(state) };
}

/** How long a fault waits for its step before it accepts any step, and then for any run. */
const STEP_MS = 6000;
const ANY_MS = 6000;
/** The same for an issue that was labelled again, which may wait behind other issues. */
const RELABELLED_MS = 30_000;
const CHECK_MS = 10;
/** Time for which the token is refused: a refused token that no request used has no effect. */
const REFUSED_MS = 6000;

export class Injector {
  readonly #stage: SoakServices;
  readonly #issues: SoakIssues;
  /** Runners that did not exit in time after SIGTERM, and other surprises. */
  readonly problems: string[] = [];
  /** Actions on GitHub, including those that came just after the end of a run and do not count as faults. */
  readonly actions: Action[] = [];

  constructor(stage: SoakServices, issues: SoakIssues) {
    this.#stage = stage;
    this.#issues = issues;
  }

  /** Inject a fault. @returns null if it found no target */
  async inject(fault: PlannedFault): Promise<LandedFault | null> {
    if (isAction(fault)) return this.#meddle(fault);
    const [where = "", how = ""] = fault.kind.split(":");
    switch (where) {
      case "runner":
        return this.#endRunner(fault, how === "kill" ? "SIGKILL" : "SIGTERM");
      case "scheduler":
        return this.#killScheduler(fault);
      case "redis":
        return this.#endRedis(fault, how);
      case "token":
        return this.#expireToken(fault);
      default:
        return this.#troubleGitHub(fault, { git: where === "git", how });
    }
  }

  async #endRunner(fault: PlannedFault, signal: "SIGKILL" | "SIGTERM"): Promise<LandedFault | null> {
    const found = await this.#await(fault.step, (issue, step) => {
      const runner = this.#runnerOf(issue);
      if (runner === undefined) return null;
      if (signal === "SIGKILL" && this.#isTooMuch(runner)) return null;
      const affected = this.#issues.live.filter((other) => this.#runnerOf(other) === runner).map(affectedRun);
      return { runner, step, what: `${runner.name} with #${issue.number}`, affected };
    });
    if (found === null || !found.runner.alive) return null;
    const { runner, step, what, affected } = found;
    const at = Date.now();
    if (!(await runner.end(signal))) this.problems.push(`${runner.name} did not end in time after ${signal}`);
    const { code } = runner.lives.at(-1)?.end ?? {};
    if (signal === "SIGTERM" && code !== 0) this.problems.push(`${runner.name} ended with ${String(code)} on SIGTERM`);
    await sleep(signal === "SIGKILL" ? (fault.extent - 1) * 700 : 0);
    runner.start();
    return { kind: fault.kind, step, at, what, affected };
  }

  async #killScheduler({ kind, extent }: PlannedFault): Promise<LandedFault | null> {
    const { scheduler } = this.#stage;
    if (!scheduler.alive) return null;
    await scheduler.end("SIGKILL");
    await sleep(extent * 100);
    scheduler.start();
    return { kind, step: null, at: Date.now(), what: "scheduler", affected: [] };
  }

  async #endRedis(fault: PlannedFault, how: string): Promise<LandedFault | null> {
    const found = await this.#await(fault.step, (issue, step) => ({ step, what: `Redis with #${issue.number}` }));
    if (found === null) return null;
    const affected = this.#issues.live.map(affectedRun);
    const at = Date.now();
    const offlineMs = how === "offline" ? (LOCK_SECONDS + 2) * 1000 : (fault.extent - 1) * 500;
    await this.#stage.restartRedis(how === "restart" ? "SIGTERM" : "SIGKILL", offlineMs);
    return { kind: fault.kind, ...found, at, affected };
  }

  /** Let a user act on GitHub on the issue of a live run. */
  async #meddle(fault: ActionFault): Promise<LandedFault | null> {
    const called = relabelFor(fault, this.#issues);
    const found = await this.#await(
      fault.step,
      (issue, step) => {
        if (called !== null && issue !== called) return null;
        const target = targetOf(fault, issue, this.#stage);
        return target === null ? null : { issue, step, target, run: issue.state?.run.id };
      },
      called === null ? undefined : RELABELLED_MS,
    );
    if (found === null) return null;
    const at = Date.now();
    const change = await act({ ...found, fault, stage: this.#stage });
    if (change === null) return null;
    this.actions.push(change);
    const { issue, step, run } = found;
    if ((await this.#stage.store.read(issue.jobId)).run.id !== run) return null; // The run ended meanwhile.
    const what = change.pull === null ? change.branch : `#${change.pull} on ${change.branch}`;
    return { kind: fault.kind, step, at, what: `${what} with #${issue.number}`, affected: [] };
  }

  /** Let GitHub refuse the token for a while. An app that starts at that time would exit by design, so all apps must be running. */
  async #expireToken(fault: PlannedFault): Promise<LandedFault | null> {
    const { github, token } = this.#stage;
    const found = await this.#await(fault.step, (issue, step) => (this.#allUp() ? { issue, step } : null));
    if (found === null) return null;
    const refused = Promise.withResolvers<{ readonly entry: RequestEntry; readonly step: Step | null } | null>();
    let first: RequestEntry | null = null;
    const stop = github.onRequest((entry) => {
      if (entry.status !== 401) return;
      first ??= entry;
      const request = requestOf(entry);
      // Only the scheduler makes this request, never a run.
      if (request.issue === undefined && request.comment === undefined && request.step === undefined) return;
      void this.#stepOf(entry).then((step) => step !== null && refused.resolve({ entry, step }));
    });
    const at = Date.now();
    github.revokeToken(token);
    const bound = setTimeout(() => refused.resolve(first && { entry: first, step: null }), REFUSED_MS);
    const hit = await refused.promise;
    clearTimeout(bound);
    stop();
    await sleep(fault.extent * 300);
    github.addToken({ login: OWNER, token });
    if (hit === null) return null;
    return { kind: fault.kind, step: hit.step, at, what: `${hit.entry.method} ${hit.entry.path}`, affected: [] };
  }

  /** Return whether every app is running: a runner has its slots, and the scheduler polls, as soon as GitHub has accepted the token. */
  #allUp(): boolean {
    const { scheduler, runners, github } = this.#stage;
    const since = scheduler.lives.at(-1)?.startedAt ?? Infinity;
    const polled = github.requests.findLast(({ path }) => path === `/repos/${REPO}/issues`);
    return (polled?.at ?? 0) > since && runners.every((runner) => runner.alive && runner.slots().length > 0);
  }

  async #troubleGitHub(fault: PlannedFault, { git, how }: { git: boolean; how: string }): Promise<LandedFault | null> {
    const { github } = this.#stage;
    // After half an answer to a push that ends as if it were complete, git itself waits forever. A fetch detects it.
    const gitStep = how === "cut" ? "prepare" : fault.step;
    const { method, path } = git ? GIT_SPOTS[gitStep] : API_SPOTS[fault.step];
    const action = ACTIONS[how]?.();
    if (action === undefined) throw new Error(`nobody knows the fault ${fault.kind}`);
    const armed = github.fault({ method, path, times: fault.extent, do: action });
    const hit = Promise.withResolvers<RequestEntry | null>();
    const stop = github.onRequest((entry) => {
      if (armed.hits > 0 && entry.method === method && path.test(entry.path)) hit.resolve(entry);
    });
    const bound = setTimeout(() => hit.resolve(null), STEP_MS + ANY_MS);
    const entry = await hit.promise;
    clearTimeout(bound);
    stop();
    if (entry === null) {
      armed.remove();
      return null;
    }
    const at = Date.now();
    const step = await this.#stepOf(entry);
    // The remaining hits follow with the retries.
    await sleep(500);
    armed.remove();
    return { kind: fault.kind, step, at, what: `${entry.method} ${entry.path}, ${armed.hits} times`, affected: [] };
  }

  /** Return the step of the run that made a request; null: no run made it. */
  async #stepOf(entry: RequestEntry): Promise<Step | null> {
    const { issue, comment, step } = requestOf(entry);
    if (step !== undefined) return step;
    const asked =
      comment === undefined
        ? this.#issues.opened.find(({ number }) => number === issue)
        : this.#issues.byComment(comment);
    if (asked !== undefined) return stepOf(await this.#stage.store.read(asked.jobId));
    // A fetch, unless a user is about to push.
    const steps = (await this.#issues.read()).map(({ state }) => state && stepOf(state));
    const fetching =
      /upload-pack|info\/refs/.test(entry.path) && !steps.some((at) => at === "publish" || at === "work");
    return fetching && steps.includes("prepare") ? "prepare" : null;
  }

  /** Wait for a run in this step that `take` accepts; after `stepMs`, a run in any step. */
  async #await<T>(
    step: Step,
    take: (issue: SoakIssue, step: Step) => T | null,
    stepMs: number = STEP_MS,
  ): Promise<T | null> {
    const begun = performance.now();
    for (;;) {
      const waited = performance.now() - begun;
      for (const issue of await this.#issues.read()) {
        const now = issue.state === null ? null : stepOf(issue.state);
        if (now === null || (now !== step && waited < stepMs)) continue;
        const taken = take(issue, now);
        if (taken !== null) return taken;
      }
      if (waited > stepMs + ANY_MS) return null;
      await sleep(CHECK_MS);
    }
  }

  /** Return whether another kill of this runner could end an issue: three lost runs in a row do. Count one less, because the runs may change meanwhile. */
  #isTooMuch(runner: App): boolean {
    return this.#issues.live.some((issue) => {
      const lost = issue.state?.counts.lost ?? 0;
      return lost > 1 || (lost > 0 && this.#runnerOf(issue) === runner);
    });
  }

  #runnerOf({ state }: SoakIssue): App | undefined {
    const slot = Number(state?.run.id === null ? Number.NaN : state?.run.runner?.split("/").at(-1));
    return this.#stage.runners.find((runner) => runner.alive && runner.slots().includes(slot));
  }
}

interface Spot {
  readonly method: string;
  readonly path: RegExp;
}

/** Typical requests of a step. The step in which a fault really landed is read afterwards. */
const API_SPOTS: Readonly<Record<Step, Spot>> = {
  prepare: { method: "GET", path: /\/issues\/\d+\/(events|comments)$/ },
  work: { method: "GET", path: /\/issues$/ },
  publish: { method: "POST", path: /\/pulls$/ },
  report: { method: "DELETE", path: /\/issues\/\d+\/labels\// },
};
const GIT_SPOTS: Readonly<Record<Step, Spot>> = {
  prepare: { method: "POST", path: /\/git-upload-pack$/ },
  work: { method: "GET", path: /\/info\/refs$/ },
  publish: { method: "POST", path: /\/git-receive-pack$/ },
  report: { method: "POST", path: /\/git-receive-pack$/ },
};

const seconds = (fromNow: number): string => String(Math.ceil(Date.now() / 1000) + fromNow);

const ACTIONS: Readonly<Record<string, () => FaultAction>> = {
  "5xx": () => ({ status: 502 }),
  limit: () => ({
    status: 403,
    headers: { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": seconds(2) },
    body: { message: "API rate limit exceeded" },
  }),
  secondary: () => ({
    status: 429,
    headers: { "retry-after": "1" },
    body: { message: "You have exceeded a secondary rate limit" },
  }),
  delay: () => ({ delayMs: 2500 }),
  before: () => ({ drop: "before" }),
  after: () => ({ drop: "after" }),
  cut: () => ({ drop: "middle" }),
};
