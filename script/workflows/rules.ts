import { parse } from "yaml";

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Job {
  "runs-on"?: string;
  "timeout-minutes"?: number;
  permissions?: unknown;
  secrets?: unknown;
  steps?: Step[];
  uses?: string;
}

/** The part of a workflow, or of an action of this repository, that the rules read. */
interface Workflow {
  on?: Record<string, unknown> | null;
  permissions?: unknown;
  concurrency?: unknown;
  jobs?: Record<string, Job>;
  runs?: { steps?: Step[] };
}

/** An action by the full hash of its commit, with the version as comment; or a file of this repository. */
const PINNED = /^(?:[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/\.github\/[\w./-]+)$/;

/** Triggers that run with the repository's secrets on code of a pull request. */
const DANGEROUS = ["pull_request_target", "workflow_run"];

/**
 * Check a workflow, or an action of this repository, for settings that give an attacker more than needed. @returns one message for each problem
 * The rules are those of zizmor (unpinned-uses, template-injection, artipacked, excessive-permissions, dangerous-triggers,
 * secrets-inherit) that this repository needs, and a time-out and a concurrency group for every workflow.
 */
export function checkWorkflow(text: string): string[] {
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs ?? {});
  const steps = [...jobs.flatMap(([, job]) => job.steps ?? []), ...(workflow.runs?.steps ?? [])];
  return [
    ...usesOf(text)
      .filter((uses) => !PINNED.test(uses))
      .map((uses) => `"uses: ${uses}" is not pinned: owner/name@<commit> # v1.2.3`),
    ...steps.flatMap(checkStep),
    ...(workflow.runs === undefined ? checkTop(workflow) : []),
    ...jobs.flatMap(([name, job]) => checkJob(job).map((problem) => `job ${name}: ${problem}`)),
  ];
}

const usesOf = (text: string) => [...text.matchAll(/^[- ]*uses: (.*)$/gm)].map(([, uses = ""]) => uses);

function checkStep({ uses = "", run = "", with: inputs = {} }: Step): string[] {
  return [
    ...(run.includes("${{") ? [`"run: ${run.split("\n")[0]}" has an expression: pass it by "env"`] : []),
    ...(uses.startsWith("actions/checkout@") && inputs["persist-credentials"] !== false
      ? ["actions/checkout needs persist-credentials: false"]
      : []),
  ];
}

function checkTop({ on, permissions, concurrency }: Workflow): string[] {
  const triggers = typeof on === "object" && on !== null ? Object.keys(on) : [String(on)];
  return [
    ...(isEmpty(permissions) ? [] : ["the workflow needs permissions: {}, and each job its own"]),
    ...(concurrency === undefined ? ["the workflow has no concurrency group"] : []),
    ...triggers.filter((name) => DANGEROUS.includes(name)).map((name) => `the trigger ${name} is not allowed`),
  ];
}

function checkJob(job: Job): string[] {
  return [
    ...(typeof job.permissions === "object" && job.permissions !== null ? [] : ["it does not list its permissions"]),
    ...(job.uses === undefined && job["timeout-minutes"] === undefined ? ["it has no timeout-minutes"] : []),
    ...(job.secrets === "inherit" ? ["it hands on every secret"] : []),
  ];
}

const isEmpty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;
