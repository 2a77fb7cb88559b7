import { startAgent } from "../../agent/start.ts";
import type { AgentDeps, AgentDriver, AgentHandle, AgentRequest, Launch } from "../../agent/types.ts";
import { usageOf } from "../../agent/usageOf.ts";
import type { RunningEgress } from "../../egress/process.ts";
import type { Files } from "../../files/files.ts";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { startPlaceHelper, type PlaceHelper } from "./client.ts";
import type { HelperChild } from "./child.ts";
import { DirectGit } from "./directGit.ts";
import { helperPlace } from "./place.ts";
import type { AgentSide, SideOptions } from "../side.ts";

/** How the helper and the agents of one issue are confined. */
export interface Confinement {
  /** Agents see themselves as root. */
  readonly isRoot: boolean;
  /** Agents share loopback with other processes. */
  readonly sharesNetwork: boolean;
  /** Return a key that changes when a running helper no longer sees the folders. */
  key(): string;
  /** Start the helper with this environment. */
  startHelper(env: Readonly<Record<string, string>>): HelperChild;
  /** Return the request with paths that the agent can read. `files` are the helper's. Default: the unchanged request. */
  adaptRequest?(request: AgentRequest, files: Files): Promise<AgentRequest>;
  /** The git commands of `AgentPlace.onBase` that the runner itself runs. Absent: none. */
  readonly directGit?: {
    /** Return whether no agent has had access to this folder, or to another folder of the issue. */
    mayRun(dir: string): boolean;
    /** Passed on to git, see `GitProcessOptions`. */
    readonly lockFd: number;
  };
  /** Return whether a program is in one of the folders of a PATH inside; null: only the helper knows. Default: null. */
  hasProgram?(path: string, name: string): boolean | null;
  /** Open the network connection of one run to its proxy. */
  openProxy(request: AgentRequest): Promise<RunningEgress>;
  /** Return how to start the agent's program. */
  launch(request: AgentRequest, egress: RunningEgress): Launch;
  /** Return the files. `inside` are the helper's files. `beforeChange` ends the helper before the runner itself moves or removes a file. */
  files(parts: {
    readonly inside: () => Files;
    readonly beforeChange: () => Promise<void>;
    /** Return whether an agent is alive, so that no helper may run. */
    readonly isBusy: () => boolean;
  }): Files;
  /** See `AgentSide`. */
  sizeOf(paths: readonly string[]): Promise<number>;
  /** See `AgentSide`. Default: false. */
  needsHandOver?(): boolean;
  /** Called when no process runs any more. Idempotent. */
  close(): Promise<void>;
}

const GIT_VARIABLES = ["PATH", "LANG", "LC_ALL", "TZ", RUN_MARKER];

/**
 * Open the confined agent side of one issue, with its agent and the helper that runs git and opens files for tac8. Agent and helper
 * never run at the same time: the processes of an agent are dead before a helper starts, and a helper and the processes of git are
 * dead before an agent starts.
 */
export function openConfinedSide(options: SideOptions, confinement: Confinement): AgentSide {
  let helper: { readonly key: string; readonly process: PlaceHelper } | null = null;
  const closing = new Set<Promise<void>>();
  const directGit = new DirectGit(confinement.directGit?.lockFd);
  let agents = 0;

  function endHelper(): void {
    if (helper === null) return;
    const ended = helper.process.close().finally(() => closing.delete(ended));
    ended.catch(() => undefined); // `helperEnded` reports the error to its caller. Without this handler, a rejection before that call would end the process.
    closing.add(ended);
    helper = null;
  }

  /** End the helper, its git, and the runner's own git in the folders. */
  async function helperEnded(): Promise<void> {
    endHelper();
    await Promise.all([...closing, directGit.close()]);
  }

  function assertNoAgent(): void {
    if (agents > 0) throw new Error("git or a file was requested while an agent was alive: this is a bug in tac8");
  }

  function live(): PlaceHelper {
    assertNoAgent();
    const key = confinement.key();
    if (helper?.key !== key) endHelper();
    helper ??= { key, process: startHelper() };
    return helper.process;
  }

  function startHelper(): PlaceHelper {
    const env = { PATH: options.env["PATH"] ?? "" };
    return startPlaceHelper({ start: () => confinement.startHelper(env) });
  }

  /** Start an agent. From here until the agent ends, no helper starts, even after an error. */
  async function start(driver: AgentDriver, asked: AgentRequest, deps: AgentDeps): Promise<AgentHandle> {
    const request = (await confinement.adaptRequest?.(asked, current)) ?? asked;
    agents += 1;
    let egress: RunningEgress | null = null;
    try {
      egress = await openAlone(request);
      return startBehind(egress, driver, request, deps);
    } catch (error) {
      await egress?.close();
      agents -= 1;
      throw error;
    }
  }

  /** Open the proxy after the helper ended. A helper without network access may end meanwhile. */
  async function openAlone(request: AgentRequest): Promise<RunningEgress> {
    const ending = helperEnded();
    const opening = confinement.sharesNetwork
      ? ending.then(() => confinement.openProxy(request))
      : confinement.openProxy(request);
    const [ended, opened] = await Promise.allSettled([ending, opening]);
    if (ended.status === "fulfilled" && opened.status === "fulfilled") return opened.value;
    if (opened.status === "fulfilled") await opened.value.close();
    throw ended.status === "rejected" ? ended.reason : (opened as PromiseRejectedResult).reason;
  }

  function startBehind(
    egress: RunningEgress,
    driver: AgentDriver,
    request: AgentRequest,
    deps: AgentDeps,
  ): AgentHandle {
    const inside = { ...request, env: egress.env };
    const handle = startAgent(driver, inside, deps, confinement.launch(inside, egress));
    let isOver = false;
    const endWithProxy = async (): Promise<void> => {
      await egress.ended;
      // The proxy's port is free now, so another agent could listen on it.
      if (confinement.sharesNetwork && !isOver) await handle.kill("guard-killed", "its proxy ended");
    };
    void endWithProxy();
    const done = handle.done.then(async (end) => {
      isOver = true;
      await egress.close();
      agents -= 1;
      const counted = egress.usage();
      const unreadAnswers = counted?.unread ?? null;
      return { ...end, ...usageOf(end, counted), blockedHosts: egress.refused(), unreadAnswers };
    });
    const after = (ended: Promise<unknown>) => ended.then(() => done);
    return {
      ...handle,
      done,
      stop: (cause, given) => after(handle.stop(cause, given)),
      kill: (cause, why) => after(handle.kill(cause, why)),
    };
  }

  const current: PlaceHelper = {
    ...confinement.files({ inside: live, beforeChange: helperEnded, isBusy: () => agents > 0 }),
    git: async (command) => live().git(command),
    streamGit: (command) => live().streamGit(command),
    hasProgram: async (path, name) => confinement.hasProgram?.(path, name) ?? live().hasProgram(path, name),
    close: helperEnded,
  };
  const onBase: PlaceHelper = {
    ...current,
    async git(command) {
      assertNoAgent();
      const { directGit: allowed } = confinement;
      if (allowed?.mayRun(command.dir) !== true) return live().git(command);
      return directGit.run(command);
    },
  };
  return {
    place({ signal, env: more = {} } = {}) {
      const env = { ...gitVariables(options.env), ...more };
      const { isRoot } = confinement;
      return helperPlace({ helper: current, onBase, env, signal, isRoot, startAgent: start });
    },
    async sizeOf(paths) {
      await helperEnded();
      return confinement.sizeOf(paths);
    },
    needsHandOver: () => confinement.needsHandOver?.() ?? false,
    async close() {
      try {
        await helperEnded();
      } finally {
        await confinement.close();
      }
    },
  };
}

/** Return the variables for git. Git runs filters that an agent has configured, so it gets no key of a model. Pure. */
function gitVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  const isPassed = (name: string) => GIT_VARIABLES.includes(name) || name.startsWith("GIT_");
  return Object.fromEntries(Object.entries(env).filter(([name]) => isPassed(name)));
}
