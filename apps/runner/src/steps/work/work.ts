import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import type { Isolation } from "@tac8/core/isolation/choose";
import type { WorkspaceLock } from "../../agentPlace/side.ts";
import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { agentHomeOf } from "@tac8/core/config/agentHome";
import type { AgentChoice } from "@tac8/core/config/routing";
import { runLogPath } from "@tac8/core/conversation/runLog";
import { encodeAgentEvidence, modelFiguresOf, withModels } from "@tac8/core/domain/agentEvidence";
import { addBlocked, blockedLine } from "@tac8/core/domain/blockedHosts";
import { nameFiles } from "@tac8/core/domain/leftOut";
import { addDenials, deniedLine } from "@tac8/core/domain/denials";
import { stopReason } from "@tac8/core/domain/textThatCounts";
import { addUsage, formatUsage, NO_USAGE, type Usage } from "@tac8/core/domain/usage";
import { guardKillsAfter } from "@tac8/core/queue/contract";
import { countAgentRun, uncountAgentRun } from "@tac8/core/ledger/agentRuns";
import { MAX_RUNS, type AgentRun } from "@tac8/core/state/issueState";
import { classifyEnd, type AgentResult } from "../../agent/classify.ts";
import { claudeDriver } from "../../agent/claude/driver.ts";
import { commandDriver } from "../../agent/command/driver.ts";
import type { AgentEnd, AgentRequest } from "../../agent/types.ts";
import { usedNothing } from "../../agent/usageOf.ts";
import { MCP_FILE } from "../../home/base/collect.ts";
import { withSandboxSettings } from "../../home/base/sandboxSettings.ts";
import { keepSession } from "../../home/keepSession.ts";
import { openHome } from "../../home/open.ts";
import { programPrefix, type ResourceLimits } from "../../host/resourceLimits.ts";
import type { DiskWatch } from "../../host/diskWatch.ts";
import { findEdit, type CountedTitle, type KnownText } from "../../issue/textThatCounts.ts";
import { leftRunningCommand } from "../../issue/round.ts";
import { agentRanHere } from "../../run/agentRanHere.ts";
import type { WorkField } from "../../run/owners.ts";
import type { Progress } from "../../run/progress.ts";
import type { Attempts, StepBasics, StepWorkspace } from "../../run/step.ts";
import type { ProcessPool } from "../../process/pool.ts";
import type { Scanner } from "../../secrets/scanner.ts";
import { openLiveStream } from "../../run/liveStream.ts";
import type { WatchOptions } from "../../run/watchForHalt.ts";
import { type EndNote, writeEndNote } from "../../workspace/endNote.ts";
import { freeDiskSpace } from "../../workspace/freeDiskSpace.ts";
import { findQuestion } from "../../workspace/messageFiles.ts";
import type { Prompts } from "../handover.ts";
import { readBase } from "../../home/base/readBase.ts";

/** Longest interval between heartbeats. It is much shorter than the time after which the guard kills the agent. */
const HEARTBEAT_MS = 5000;
const MAX_SUMMARY = 20_000;

/** Facts about the machine for the start of an agent. */
export interface AgentHost {
  readonly resourceLimits: ResourceLimits;
  readonly isolation: Isolation["mode"];
  /** Ends agents when the disk is almost full. */
  readonly disk: DiskWatch;
  /** The slot's number. */
  readonly slot: number;
  /** Lock of the workspace. */
  readonly lock: WorkspaceLock;
  /** Id of the data folder. Sessions are stored in it. */
  readonly dataFolderId: string;
  /** Return for how many ms the agent may live without another heartbeat: see `JobLock`. */
  readonly agentTimeLeftMs: () => number;
}

/** `place` remains usable until the run loses its job, because the files of an agent are also read after a stop. */
export interface WorkNeeds extends StepBasics<WorkField>, StepWorkspace {
  readonly host: AgentHost;
  readonly config: Pick<Config, "agents" | "coordinator" | "git" | "dataFolder" | "llm"> &
    Parameters<typeof agentHomeOf>[0];
  /** Environment of agents. */
  readonly agentEnv: Readonly<Record<string, string>>;
  /** Has the day's budget and the live stream of the agent's output. */
  readonly redis: Redis;
  /** `<host>/<slot>`, for display. */
  readonly runner: string;
  readonly attempts: Attempts;
  /** A scanner is prepared when the agent has finished, so that it is ready when the agent's commits are searched. */
  readonly scanners: Pick<ProcessPool<Scanner>, "prepare">;
  readonly progress: Progress;
  /** Watch for events that end the agent. @returns a function that ends the watch */
  readonly watch: (options: WatchOptions) => () => void;
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

/** Result of the step, after its last agent run. */
export interface WorkResult extends Pick<AgentRunResult, "agentResult" | "leftRunning" | "recorded"> {
  /** Question of the agent; null if it asks none. */
  readonly question: string | null;
  /** Last text of the agent, without secrets. */
  readonly summary: string;
  /** Paths that were removed to free disk space. */
  readonly removed: readonly string[];
  /** The issue's text, with the newest edit that does not stop the work. */
  readonly text: KnownText;
}

/** Run the agent until it ends. Its work is not saved yet. @throws StepFailure if the agent could not be started */
export async function work(run: WorkNeeds, prompts: Prompts, countedTitle: CountedTitle): Promise<WorkResult> {
  const { dataFolderId } = run.host;
  const newestText: NewestText = { text: { countedTitle, edit: null } };
  const { session } = run.record.state.agent;
  const resumable = session !== null && agentRanHere(run.record.state, dataFolderId) && prompts.resume !== null;
  const { agent } = prompts;
  let { end, agentResult, leftRunning, recorded } = await runAgent(
    run,
    resumable ? { agent, session, prompt: prompts.resume } : { agent, session: null, prompt: prompts.full },
    newestText,
  );
  if (!agentResult.ok && agentResult.resumeFailed && !run.signal.aborted) {
    run.log.info("the agent's session is missing: started a new one");
    await recorded;
    ({ end, agentResult, leftRunning, recorded } = await runAgent(
      run,
      { agent, session: null, prompt: prompts.full },
      newestText,
    ));
  }
  run.record.throwIfLost();
  if (end.remaining > 0)
    run.log.error({ remaining: end.remaining }, "could not kill all processes of the agent: end them by hand");

  const readQuestionOfBase = () => run.mirror.file(run.record.state.branch.base ?? "", "BLOCKED.md");
  const question = await findQuestion(run.place, run.paths.tree, readQuestionOfBase);
  const removed = end.cause === "disk-full" ? await makeRoom(run) : [];
  return {
    agentResult,
    leftRunning,
    recorded,
    question,
    summary: summaryOf(end, run.redact),
    removed,
    text: newestText.text,
  };
}

/** Result of one agent run. A step has a second one if the session of the first one was missing. */
interface AgentRunResult {
  readonly end: AgentEnd;
  readonly agentResult: AgentResult;
  /** See `leftRunningCommand`. */
  readonly leftRunning: string | null;
  /**
   * Resolves when cost and last output of the agent are in Redis. The cost counts whether or not the work is published. An unreachable
   * Redis delays it, so the work is saved before anything waits for this.
   */
  readonly recorded: Promise<void>;
}

/** The newest text of the issue, which is read again while the agent works. */
interface NewestText {
  text: KnownText;
}

/** The agent to start. Without a `session`, it starts a new one. */
interface AgentStart {
  readonly agent: AgentChoice;
  readonly session: string | null;
  readonly prompt: string | null;
}

/** Start an agent, wait for its end, and record the end. `recorded` of the result resolves when that is written. */
async function runAgent(run: WorkNeeds, start: AgentStart, newestText: NewestText): Promise<AgentRunResult> {
  const { config, redis, log, now, redact, host } = run;
  const { resourceLimits } = host;
  const { coordinator, llm, agents } = config;
  const { provider, program, model } = start.agent;
  const hasOwnHome = run.host.isolation !== "none" || agentHomeOf(config, provider).kind === "private";
  const home = hasOwnHome ? await openPrivateHome(run, start) : null;
  const budgetDay = await countAgentRunToday(run);
  const sessionId = start.session ?? randomUUID();
  run.progress.setEndedUsage(run.record.state.agent.usage ?? NO_USAGE);
  const request: AgentRequest = {
    runId: run.id,
    commandPrefix: programPrefix(resourceLimits, host.slot),
    program,
    cwd: run.paths.tree,
    env: {
      CLAUDE_CODE_TMPDIR: run.paths.tmpDir,
      // If an agent deletes its worktree's `.git`, git must not use a repository above the data folder instead.
      GIT_CEILING_DIRECTORIES: dirname(run.paths.tree),
      ...(home?.env ?? run.agentEnv),
    },
    privateHome: home,
    prompt: start.prompt ?? "",
    promptFile: run.paths.promptFile,
    outputFile: join(run.paths.tmpDir, "output"),
    model,
    sessionId,
    resume: start.session !== null,
    maxUsd: llm.max_usd_per_run,
    lock: host.lock,
    logPath: runLogPath(config.dataFolder, run.issue.ref, run.id),
    limits: {
      wallMs: coordinator.worker_timeout_hours * 3_600_000,
      stallMs: coordinator.stall_timeout_minutes * 60_000,
      graceMs: graceMs(run),
      memoryBytes: resourceLimits.maxBytes,
      tasks: resourceLimits.maxTasks,
      oomEvents: resourceLimits.oomEvents,
      group: resourceLimits.group,
    },
    heartbeatMs: Math.min(HEARTBEAT_MS, guardKillsAfter(coordinator.lock_seconds) / 4),
  };
  await run.record.write({
    "agent.session": sessionId,
    "agent.sessionHome": host.dataFolderId,
    "agent.run": run.id,
    "agent.runCount": run.record.state.agent.runCount + 1,
    "agent.runs": runsWithThis(run, sessionId),
  });
  // A halt that was requested until now ends the run here. A later halt ends the agent instead.
  if (run.signal.aborted) await uncountRun(run, budgetDay);
  run.signal.throwIfAborted();
  const place = run.place;
  await place.makeFolder(run.paths.tmpDir, 0o700);
  const liveStream = openLiveStream({ redis, runId: run.id, log, redact });
  const driver =
    provider === "command" ? commandDriver({ model, prices: agents.prices }) : claudeDriver({ isRoot: place.isRoot });
  const starting = place.startAgent(driver, request, {
    onEvent: (event) => {
      liveStream.add(event);
      run.progress.addEvent(event, redact(event.text));
    },
    timeLeftMs: host.agentTimeLeftMs,
    log: run.log,
    now,
  });
  const agent = await starting.catch(async (error: unknown) => {
    void liveStream.close();
    await uncountRun(run, budgetDay);
    throw error;
  });
  run.log.info(
    { resume: request.resume, session: sessionId, model },
    request.resume ? "agent resumed" : "agent started",
  );
  const stopDiskWatch = run.host.disk.watch({
    runId: run.id,
    members: () => agent.members(),
    end: (why) => void agent.kill("disk-full", why),
  });
  const stopWatching = run.watch({
    onHalt: ({ cause, atOnce }) => {
      void (atOnce ? agent.kill(cause) : agent.stop(cause, { graceMs: graceMs(run) }));
    },
    findEdit: async (signal) => {
      const { stop, ...text } = await findEdit({ ...run, signal }, newestText.text);
      newestText.text = text;
      return stop === null ? null : stopReason(stop, run.issue.repository.issueLabel);
    },
  });
  try {
    const end = await agent.done;
    const liveStreamClosed = liveStream.close();
    run.log.info({ cause: end.cause, code: end.code, turns: end.turns, costUsd: end.costUsd }, "agent ended");
    const agentResult = classifyEnd(end, { provider, now: now() });
    if (agentResult.ok) run.scanners.prepare();
    const { usage, models, reason, evidence } = usageFacts(run, end, model);
    run.progress.setEndedUsage(usage);
    const denied = addDenials(run.record.state.agent.denied, end.denials, redact);
    if (end.denials.length > 0 && denied !== null) {
      run.log.warn(
        { denied: deniedLine(denied) },
        "permission rules in the repository's settings denied tool calls of the agent",
      );
    }
    const refused = end.blockedHosts ?? [];
    const blockedHosts = addBlocked(run.record.state.agent.blockedHosts, refused, redact);
    if (refused.length > 0) run.log.warn(blockedLine(addBlocked(null, refused, redact)));
    const { failure } = run.record.state.end;
    const leftCommand = leftRunningCommand(agentResult, { failure, ...run.attempts });
    const leftRunning = leftCommand === null ? null : redact(leftCommand);
    if (agentResult.ok || leftRunning !== null) {
      const summary = summaryOf(end, redact);
      const facts = { usage, models, denied, blockedHosts, reason, evidence };
      await storeEndNote(run, { run: run.id, summary, leftRunning, ...facts });
    }
    const recorded = run.record
      .writeEvent(
        { "agent.usage": usage, "agent.models": models, "agent.denied": denied, "agent.blockedHosts": blockedHosts },
        { event: "agent:ended", reason, evidence },
      )
      .then(() => liveStreamClosed);
    recorded.catch(() => undefined); // The caller that awaits `recorded` receives the error; the run may end before that.
    if (provider === "claude" && usedNothing(end)) void uncountRun(run, budgetDay);
    return { end, agentResult, leftRunning, recorded };
  } finally {
    stopWatching();
    stopDiskWatch();
    void liveStream.close();
    const warnOfLeftoverFiles = (err: unknown) => run.log.warn({ err }, "could not remove files that the agent left");
    await place.remove(run.paths.tmpDir).catch(warnOfLeftoverFiles);
    if (home !== null) await keepSession(place, run.paths.homeDir, sessionId).catch(warnOfLeftoverFiles);
  }
}

/** Write the end note to the disk. The next run with this data folder reads the note if the write to Redis fails. */
async function storeEndNote(run: WorkNeeds, note: EndNote): Promise<void> {
  try {
    await writeEndNote(run.paths, note);
  } catch (error) {
    run.log.warn(
      { err: error },
      "could not write the end note to the disk: a crash before the write to Redis would repeat the agent run",
    );
  }
}

interface PrivateHome {
  /** Environment of the agent. */
  readonly env: Record<string, string>;
  /** File with the base commit's MCP servers; null if it has none. */
  readonly servers: string | null;
}

/** Prepare the issue's home folder for its agent. */
async function openPrivateHome(run: WorkNeeds, { agent, session }: AgentStart): Promise<PrivateHome> {
  const { git } = run.config;
  const { homeDir, tree } = run.paths;
  const folders = { tree, userHome: run.agentEnv["HOME"] || null };
  const commit = { mirror: run.mirror, sha: run.record.state.branch.base ?? "", folders, signal: run.signal };
  // Only Claude Code loads the settings, instructions and MCP servers of the base commit.
  const base = agent.provider === "claude" ? await readBase(commit) : null;
  for (const note of base?.notes ?? []) run.log.warn(`settings and instructions of the base commit: ${note}`);
  const files = base?.files ?? [];
  const { env, imported } = await openHome({
    place: run.place,
    home: homeDir,
    env: run.agentEnv,
    git,
    files: run.host.isolation !== "none" ? withSandboxSettings(files) : files,
    session,
  });
  if (imported) run.log.info({ session }, "copied the session from the shared home folder to the issue's own");
  return { env, servers: base?.hasServers === true ? join(homeDir, ".claude", MCP_FILE) : null };
}

/**
 * Count an agent run in the day's budget, before anything is recorded about it. @returns the day in whose budget it counts
 * @throws StepFailure if the budget is used up
 */
async function countAgentRunToday({ redis, config, now }: WorkNeeds): Promise<string> {
  const { max_usd_per_day: maxUsd, max_runs_per_day: maxRuns } = config.llm;
  const budgetResult = await countAgentRun(redis, { maxUsd, maxRuns }, now());
  if (budgetResult.kind === "begun") return budgetResult.day;
  throw new StepFailure({ kind: "budget", message: budgetResult.reason, until: budgetResult.until });
}

/** Uncount an agent run that used nothing. If this fails, the day's limit is reached one run too early. */
async function uncountRun({ redis, log }: WorkNeeds, budgetDay: string): Promise<void> {
  if (redis.status !== "ready") return;
  await uncountAgentRun(redis, budgetDay).catch((err: unknown) =>
    log.debug({ err }, "could not uncount an agent run: the day's limit is reached one run too early"),
  );
}

/** Return the usage of this round with that of the agent that ended, and the description of its event. */
function usageFacts(
  run: WorkNeeds,
  end: AgentEnd,
  requestedModel: string,
): Pick<EndNote, "usage" | "models" | "reason" | "evidence"> {
  const spent = usageOfEnd(end);
  const named = Object.entries(end.models).map(([model, used]) => modelFiguresOf(model, used));
  const models = named.length > 0 ? named : [modelFiguresOf(requestedModel, spent)];
  const { cause, costUsd, turns, durationMs: ms } = end;
  return {
    usage: addUsage(run.record.state.agent.usage ?? NO_USAGE, spent),
    models: withModels(run.record.state.agent.models ?? [], models),
    reason: `the agent ended (${cause}) after ${formatUsage(spent)}`,
    evidence: encodeAgentEvidence({ run: run.id, cause, costUsd, turns, ms, models }),
  };
}

/** Return the summary. Secrets are removed before it is cut, because half a secret would not be found. */
function summaryOf({ lastText }: AgentEnd, redact: (text: string) => string): string {
  return redact(lastText).slice(0, MAX_SUMMARY);
}

/** Return the newest agent runs of the issue, with this one. */
function runsWithThis(run: WorkNeeds, session: string): AgentRun[] {
  const before = run.record.state.agent.runs ?? [];
  const n = (before.at(-1)?.n ?? 0) + 1;
  return [...before, { n, run: run.id, runner: run.runner, at: new Date(run.now()).toISOString(), session }].slice(
    -MAX_RUNS,
  );
}

/** Return the time that the agent gets to end: half of the shutdown's time. The other half is for saving its work. */
function graceMs(run: WorkNeeds): number {
  return (run.config.coordinator.shutdown_grace_seconds * 1000) / 2;
}

/**
 * From a worktree that has filled the disk, remove the files that tac8 would not publish. Called before the work is saved, because a save
 * needs disk space, and a full disk would stop the work on every other issue. The temporary folder was removed before, which may have freed
 * enough. @returns the paths that were removed
 */
async function makeRoom(run: WorkNeeds): Promise<string[]> {
  try {
    const removed = await freeDiskSpace({
      ...run.paths,
      place: run.place,
      isShort: () => run.host.disk.isShort(),
    });
    if (removed.length > 0)
      run.log.warn(nameFiles(removed), "removed files of the worktree that would not be published, to free disk space");
    return removed;
  } catch (err) {
    run.log.warn({ err }, "could not remove files that fill the disk");
    return [];
  }
}

function usageOfEnd(end: AgentEnd): Usage {
  return {
    ...end.usage,
    costUsd: end.costUsd,
    turns: end.turns,
    durationMs: end.durationMs,
  };
}
