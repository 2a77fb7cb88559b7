import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "@tac8/core/config/resolve";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import type { Logger } from "@tac8/core/log/logger";
import { startAgent } from "../../agent/start.ts";
import type { AgentDeps, AgentDriver, AgentHandle, AgentRequest } from "../../agent/types.ts";
import { usageOf } from "../../agent/usageOf.ts";
import { FORWARDER, forwarderCommand } from "../../egress/forwarder/command.ts";
import { startEgress, type RunningEgress } from "../../egress/start.ts";
import { localFiles } from "../../files/local.ts";
import { treeBelow } from "../../process/members.ts";
import { HELPER_PROGRAM, startPlaceHelper, type PlaceHelper } from "../helper/client.ts";
import { helperPlace } from "../helper/place.ts";
import type { AgentSide, SideOptions } from "../side.ts";
import { endInside } from "./endInside.ts";
import { USER } from "./etc.ts";
import { NET_FOLDER, type MountOptions } from "./mounts.ts";
import { routedFiles } from "./route.ts";

/** What one process inside sees, and where it starts. */
export interface Inside extends Pick<MountOptions, "roots" | "objects" | "read" | "env" | "command" | "net"> {
  readonly cwd: string;
  readonly nested: boolean;
}

export interface Sandboxes {
  readonly config: Config;
  readonly log: Logger;
  /** Of processes inside, as they see it. */
  readonly uid: number;
  /** Folder of tac8's own files for sandboxes. */
  readonly folder: string;
  /** Return the command line that goes before a program inside. */
  readonly launch: (inside: Inside) => string[];
}

/** Of loopback inside, where nothing else listens when an agent starts. */
const PORT = 41_080;
const WORDS_FD = 4;
const GIT_VARIABLES = ["PATH", "LANG", "LC_ALL", "TZ", RUN_MARKER];

/**
 * The agent side of one issue in sandboxes: of the agent, and of the helper that runs git and opens files for tac8. They are
 * never there at the same time: what an agent has left running has died with its sandbox before a helper starts, and a helper with
 * whatever git has started before an agent does.
 */
export function openSandboxSide(options: SideOptions, sandboxes: Sandboxes): AgentSide {
  const { config, uid, launch } = sandboxes;
  const { roots, objects, beside = [] } = options;
  let helper: { readonly key: string; readonly process: PlaceHelper } | null = null;
  const closing = new Set<Promise<void>>();
  const netFolder = join(sandboxes.folder, options.name);
  let agents = 0;

  function endHelper(): void {
    if (helper === null) return;
    const ended = helper.process.close().finally(() => closing.delete(ended));
    ended.catch(() => undefined); // `helperEnded` says so to its caller; nobody may be waiting now.
    closing.add(ended);
    helper = null;
  }

  async function helperEnded(): Promise<void> {
    endHelper();
    await Promise.all(closing);
  }

  /** A sandbox keeps what was at its folders' places when it started: where another folder is there now, it is too old. */
  function live(): PlaceHelper {
    if (agents > 0) throw new Error("git or a file was asked for beside a live agent: this is a defect");
    const key = [...roots, objects].map(identityOf).join(" ");
    if (helper?.key !== key) endHelper();
    helper ??= { key, process: startHelper() };
    return helper.process;
  }

  function startHelper(): PlaceHelper {
    const env = { PATH: options.env["PATH"] ?? "" };
    const inside = { roots, objects, read: [], env, command: HELPER_PROGRAM, net: null, cwd: "/", nested: false };
    return startPlaceHelper({ command: [...launch(inside), ...HELPER_PROGRAM], env, lockFd: options.lock.insideFd });
  }

  /** From here on until the agent has ended no helper starts, whatever goes wrong in between. */
  async function start(driver: AgentDriver, request: AgentRequest, deps: AgentDeps): Promise<AgentHandle> {
    agents += 1;
    let egress: RunningEgress | null = null;
    try {
      await helperEnded();
      egress = await openWay(netFolder, request, sandboxes);
      return startBehind(egress, driver, request, deps);
    } catch (error) {
      await egress?.close();
      agents -= 1;
      throw error;
    }
  }

  function startBehind(
    egress: RunningEgress,
    driver: AgentDriver,
    request: AgentRequest,
    deps: AgentDeps,
  ): AgentHandle {
    const { env } = egress;
    const commandOf = (program: readonly string[]): string[] => {
      const { read } = options;
      const inside = { roots, objects, read, env, command: program, net: netFolder, cwd: request.cwd };
      const way = { socket: join(NET_FOLDER, "s"), port: PORT };
      const forwarder = { node: process.execPath, file: FORWARDER, way, wordsFd: WORDS_FD, program };
      return [...launch({ ...inside, nested: config.agent.nested_sandbox }), ...forwarderCommand(forwarder)];
    };
    const handle = startAgent(driver, { ...request, env }, deps, {
      commandOf,
      words: true,
      lockFd: options.lock.insideFd,
      endOf: endInside,
      membersOf: treeBelow,
    });
    const done = handle.done.then(async (end) => {
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
    ...routedFiles({ roots, beside, local: localFiles, inside: live, beforeChange: helperEnded }),
    git: async (command) => live().git(command),
    streamGit: (command) => live().streamGit(command),
    hasProgram: async (path, name) => live().hasProgram(path, name),
    close: helperEnded,
  };
  return {
    place({ signal, env: more = {} } = {}) {
      const env = { ...gitVariables(options.env), ...more };
      return helperPlace({ helper: current, env, signal, uid, startAgent: start });
    },
    close: helperEnded,
  };
}

function openWay(folder: string, request: AgentRequest, { config, log }: Sandboxes): Promise<RunningEgress> {
  return startEgress({
    folder,
    port: PORT,
    env: { ...request.env, ...insideEnv(request.env) },
    allow: config.agent.allow_hosts,
    secrets: config.agent.secrets,
    maxUsd: request.maxUsd,
    prices: config.agents.prices,
    proxyEnv: config.agentEnv,
    log: log.child({ run: request.runId }),
  });
}

/** Git runs filters that an agent has set: of its variables these alone are for it, and no key of a model. Pure. */
function gitVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  const isPassed = (name: string) => GIT_VARIABLES.includes(name) || name.startsWith("GIT_");
  return Object.fromEntries(Object.entries(env).filter(([name]) => isPassed(name)));
}

/** What differs inside: the user's name, and folders that are not shown. Pure. */
function insideEnv({ SHELL: shell = "" }: Readonly<Record<string, string>>): Record<string, string> {
  const isSystem = ["/bin", "/usr/bin"].includes(dirname(shell));
  return { USER, LOGNAME: USER, TMPDIR: "/tmp", SHELL: isSystem ? shell : "/bin/sh" };
}

function identityOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "-" : `${found.dev}:${found.ino}`;
}
